/** A pair on two machines that were there before it: what is looked up and refused, what is made, and what is left alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Given, type Recorded, type Run, runProgram } from "../../support/mocks.ts";
import { existing, least } from "../given.ts";
import { existingWorld, madeThere, worldAnswers } from "./existing.ts";
import { assertOptions, getEnis, pair } from "./stack.ts";

type Json = Record<string, unknown>;
const data = (name: string) => `tencentcloud:index/${name}:${name}`;

interface World {
  machines: Record<string, Json>;
  /** Names of the ENIs of each machine. */
  enis: Record<string, string[]>;
  limit: number;
  /** Addresses that are left in the subnet. */
  free: number;
  roles: Json[];
  /** Of a running stack: both ENIs, the VIP on a's. */
  running: boolean;
}
const machine = (changes: Json = {}): Json => ({
  availabilityZone: "ap-guangzhou-4",
  vpcId: "vpc-00000001",
  subnetId: "subnet-00000001",
  status: "RUNNING",
  camRoleName: "web",
  privateIp: "10.8.4.4",
  publicIp: "198.51.100.1",
  ...changes,
});
const world = (changes: Partial<World> = {}): World => ({
  machines: {
    "ins-0000000a": machine(),
    "ins-0000000b": machine({ privateIp: "10.8.4.5", publicIp: "" }),
    "ins-0000000c": machine({ privateIp: "10.8.4.6", publicIp: "" }),
  },
  enis: {},
  limit: 2,
  free: 3,
  roles: [
    { name: "web", roleId: "4611" },
    { name: "webs", roleId: "4612" },
  ],
  running: false,
  ...changes,
});
const ofPair = ["a", "b"].map((node, i) => ({
  id: `eni-0000000${node}`,
  name: `${pair}-${node}`,
  instanceId: `ins-0000000${node}`,
  ipv4s: [{ ip: `10.8.4.${16 + i}`, primary: true }, ...(node === "a" ? [{ ip: "10.8.4.9" }] : [])],
}));
function calls(w: World): NonNullable<Given["calls"]> {
  const there = existingWorld();
  const subnets = there.subnets.map((subnet) => ({ ...subnet, availableIpCount: w.free }));
  const network = worldAnswers({ ...there, subnets, enis: w.running ? ofPair : [] });
  return {
    ...network,
    [data("getInstances")]: ({ instanceId }) => {
      const found = w.machines[String(instanceId)];
      return { instanceLists: found ? [{ instanceId, ...found }] : [] };
    },
    [getEnis]: (asked) =>
      asked.instanceId === undefined
        ? (network[getEnis]?.(asked) ?? {})
        : { enis: ["Primary", ...(w.enis[String(asked.instanceId)] ?? [])].map((name) => ({ name })) },
    [data("getVpcNetworkInterfaceLimit")]: () => ({ eniQuantity: w.limit }),
    [data("getCamRoles")]: () => ({ roleLists: w.roles }),
  };
}
const run = (w: World, config: Record<string, string> = {}, more: Partial<Given> = {}): Promise<Run> =>
  runProgram({ config: { ...existing, ...config }, calls: calls(w), ...more });
const byKey = { nodeRole: "", nodeCredentials: "key" };

test("which resources there are: no machine, no role, no key pair", async () => {
  const { resources } = await run(world());
  const names = resources.filter(({ custom }) => custom).map(({ name }) => name);
  assert.deepEqual(names.filter((name) => !name.startsWith("ha-network") && !name.startsWith("ha-vip")).sort(), [
    "ha-a-attachment",
    "ha-a-files-install-ins-0000000a",
    "ha-a-handover",
    "ha-a-host-key",
    "ha-access-grant",
    "ha-access-policy",
    "ha-b-attachment",
    "ha-b-files-install-ins-0000000b",
    "ha-b-handover",
    "ha-b-host-key",
    "ha-identity",
    "ha-name",
  ]);
});

test("the machines' role gets the policy, and their ENIs come after it", async () => {
  const r = await run(world());
  const grant = r.one("CamRolePolicyAttachment");
  assert.deepEqual(grant.inputs, { roleId: "4611", policyId: "ha-access-policy-id" });
  for (const node of ["a", "b"] as const) {
    const attachment = r.one("EniAttachment", `ha-${node}-attachment`);
    assert.deepEqual(attachment.inputs, { eniId: `ha-vip-eni-${node}-id`, instanceId: `ins-0000000${node}` });
    assertOptions(attachment, { dependsOn: ["ha-access-grant"], deleteBeforeReplace: true });
  }
});

test("files go to the public address, else the private one, and are taken back on the living machine", async () => {
  const r = await run(world());
  for (const node of ["a", "b"] as const) {
    const { inputs, ...rest } = r.one("Command", `ha-${node}-files-install-ins-0000000${node}`);
    assert.equal((inputs.connection as Json).host, node === "a" ? "198.51.100.1" : "10.8.4.5");
    assert.equal(inputs.delete, "sh -s uninstall");
    assertOptions(rest as Recorded, {
      dependsOn: [`ha-${node}-attachment`, ...(node === "b" ? ["ha-a-files-install-ins-0000000a"] : [])].sort(),
      deleteBeforeReplace: true,
      additionalSecretOutputs: ["stdout", "stderr", "connection"],
      replaceOnChanges: ["triggers[*]"],
    });
    const bundle = Buffer.from(String(inputs.stdin).split("__BUNDLE__")[1]?.replace(/^.*\n/, "") ?? "", "base64");
    assert.match(bundle.toString("latin1"), /\0existing\0/);
  }
  const { nodes } = r.outputs as { nodes: Record<string, Json> };
  assert.deepEqual(
    [nodes.a?.instanceId, nodes.a?.publicIp, nodes.b?.instanceId, nodes.b?.publicIp],
    ["ins-0000000a", "198.51.100.1", "ins-0000000b", null],
  );
});

test("a key: a user that nobody logs in with, limited to the pair's policy, and secret wherever it goes", async () => {
  const r = await run(world(), byKey);
  assert.deepEqual(r.one("CamUser").inputs, {
    name: pair,
    remark: `Nodes of ${pair}`,
    consoleLogin: false,
    useApi: false,
    forceDelete: true,
    tags: {},
  });
  const key = r.one("CamAccessKey");
  assert.deepEqual(key.inputs, { targetUin: 100020000001 });
  assertOptions(key, { additionalSecretOutputs: ["secretAccessKey"] });
  const grant = r.one("CamUserPolicyAttachment");
  assert.deepEqual(grant.inputs, { userName: pair, policyId: "ha-access-policy-id" });
  assert.deepEqual(r.one("EniAttachment", "ha-a-attachment").options.dependsOn, [grant.name]);
  assert.equal(r.all("CamRolePolicyAttachment").length, 0);
  for (const { name, type, inputs, secrets } of r.resources) {
    const { stdin, ...others } = inputs;
    assert.doesNotMatch(JSON.stringify(others), /TopSecret/, name);
    if (!type.endsWith(":Command") || !name.includes("install")) continue;
    assert.ok(secrets.includes("stdin"), name);
    assert.ok(!secrets.includes("create"), "the list of files stays readable");
    assert.match(String(inputs.create), /^# \/etc\/keepalived\/credentials\.json 0600 secret$/m);
    const text = Buffer.from(String(stdin).split("__BUNDLE__")[1]?.replace(/^.*\n/, "") ?? "", "base64").toString();
    assert.ok(text.includes('{"TmpSecretId":"AKIDtest","TmpSecretKey":"TopSecret"}'));
  }
  assert.doesNotMatch(JSON.stringify(r.outputs), /TopSecret/);
});

const inOtherZone = machine({ availabilityZone: "ap-guangzhou-6" });
const refused: [what: string, changes: Partial<World>, config: Record<string, string>, lines: string[]][] = [
  [
    "machines that are not there or do not run",
    { machines: { "ins-0000000b": machine({ status: "STOPPED" }) } },
    {},
    [
      'instanceIds.a: no machine of the region has the id "ins-0000000a"; allowed: the id of a CVM of this account, ins-…',
      'instanceIds.b: "ins-0000000b" is STOPPED; allowed: a machine that runs. Start it, or name another one',
    ],
  ],
  [
    "machines of two zones",
    { machines: { "ins-0000000a": machine(), "ins-0000000b": inOtherZone } },
    {},
    [
      'instanceIds: "ins-0000000a" is in ap-guangzhou-4 and "ins-0000000b" in ap-guangzhou-6; allowed: machines of one zone, ' +
        "for the VIP moves within one subnet",
    ],
  ],
  [
    "machines of two VPCs",
    { machines: { "ins-0000000a": machine(), "ins-0000000b": machine({ vpcId: "vpc-other" }) } },
    {},
    ['instanceIds: "ins-0000000a" is in vpc-00000001 and "ins-0000000b" in vpc-other; allowed: machines of one VPC'],
  ],
  [
    "machines that take no other NIC",
    { enis: { "ins-0000000a": ["theirs"], "ins-0000000b": ["theirs", "more"] } },
    {},
    [
      'instanceIds.a: "ins-0000000a" has 2 NICs, and its type takes no more than 2; allowed: a machine with room for one more',
      'instanceIds.b: "ins-0000000b" has 3 NICs, and its type takes no more than 2; allowed: a machine with room for one more',
    ],
  ],
  [
    "a role that is not there, and that no machine has",
    {
      roles: [{ name: "webs", roleId: "4612" }],
      machines: { "ins-0000000a": machine({ camRoleName: "" }), "ins-0000000b": machine({ camRoleName: "db" }) },
    },
    {},
    [
      'nodeRole: "ins-0000000a" has no role, not "web"; allowed: the role of both machines. Bind it in the console (CVM, More, ' +
        "Bind/Modify a role), or use a key instead: pulumi config set nodeCredentials key",
      'nodeRole: "ins-0000000b" has the role "db", not "web"; allowed: the role of both machines. Bind it in the console (CVM, ' +
        "More, Bind/Modify a role), or use a key instead: pulumi config set nodeCredentials key",
      'nodeRole: no role of the account is called "web"; allowed: the name of the role of both machines',
    ],
  ],
  [
    "a subnet without room for two NICs and the VIP",
    { free: 2 },
    {},
    [
      'subnetId: "subnet-00000001" (10.8.4.0/24) has 2 free addresses; allowed: a subnet with 3 or more, for two ENIs and the VIP',
    ],
  ],
  [
    "machines that change places",
    { enis: { "ins-0000000a": [`${pair}-a`], "ins-0000000b": [`${pair}-b`] } },
    { instanceIds: '{"a":"ins-0000000b","b":"ins-0000000a"}' },
    [
      'instanceIds.a: "ins-0000000b" is node b of this pair; allowed: a machine that is not in use by it',
      'instanceIds.b: "ins-0000000a" is node a of this pair; allowed: a machine that is not in use by it',
    ],
  ],
];
for (const [what, changes, config, lines] of refused) {
  test(`refused before anything is made, all at once: ${what}`, async () => {
    const resources: string[] = [];
    const seen = ({ name, custom }: Recorded) => void (custom && resources.push(name));
    const message = await run(world(changes), config, { seen }).then(
      () => "",
      (error: Error) => error.message,
    );
    assert.deepEqual(
      message
        .split("\n")
        .filter((line) => /^ *(instanceIds|nodeRole|subnetId)/.test(line))
        .map((line) => line.trim())
        .sort(),
      [...lines].sort(),
    );
    assert.deepEqual(resources, ["ha-name"]);
  });
}

/** What a stack on both machines was made with. */
const made = { ...madeThere, publicIpId: undefined, machines: "existing" };
const enis = { "ins-0000000a": [`${pair}-a`], "ins-0000000b": [`${pair}-b`] };

test("a machine that has the pair's ENI already has the place for it", async () => {
  await run(world({ enis, running: true }), {}, { made });
});

test("another machine for the node with the VIP: the other node takes over before the ENI leaves the old one", async () => {
  const before = await run(world({ enis, running: true }), {}, { made });
  const config = { instanceIds: '{"a":"ins-0000000c","b":"ins-0000000b"}' };
  const after = await run(world({ enis, running: true }), config, { made });
  const handover = after.one("Command", "ha-a-handover");
  assert.equal(handover.inputs.create, "/etc/keepalived/vip.py take");
  assert.notDeepEqual(handover.inputs.triggers, before.one("Command", "ha-a-handover").inputs.triggers);
  assert.deepEqual(after.one("EniAttachment", "ha-a-attachment").options.dependsOn, [
    "ha-a-handover",
    "ha-access-grant",
  ]);
  assert.deepEqual(after.one("Command", "ha-a-files-install-ins-0000000c").options.dependsOn, [
    "ha-a-attachment",
    "ha-b-files-install-ins-0000000b",
  ]);
  // The old one's command is gone from the program, so its removal runs at the end.
  assert.ok(!after.resources.some(({ name }) => name === "ha-a-files-install-ins-0000000a"));
});

test("from made machines to existing ones and back is refused", async () => {
  const own = { ...made, machines: undefined };
  await assert.rejects(
    run(world({ running: true }), {}, { made: own }),
    /^ {2}instanceIds: can't be applied to the running stack, which has machines of its own; allowed: none$/m,
  );
  await assert.rejects(
    runProgram({
      config: { ...least, vip: "10.8.4.9", zone: "", subnetId: "subnet-00000001" },
      calls: calls(world({ running: true })),
      made,
    }),
    /^ {2}instanceIds: none can't be applied to the running stack, whose machines were there before; allowed: two machines$/m,
  );
});

test("the pair goes into the machines' own subnet, into one that is named, or into one of its own in their VPC", async () => {
  const subnetOf = async (config: Record<string, string>) => {
    const r = await run(world(), config);
    return [r.one("Eni", "ha-vip-eni-a").inputs.subnetId, r.all("Subnet")[0]?.inputs.availabilityZone];
  };
  assert.deepEqual(await subnetOf({}), ["subnet-00000001", undefined]);
  assert.deepEqual(await subnetOf({ subnetId: "subnet-00000001" }), ["subnet-00000001", undefined]);
  assert.deepEqual(await subnetOf({ vpcId: "vpc-00000001", subnetCidr: "10.8.5.0/24", vip: "10.8.5.9" }), [
    "ha-network-subnet-id",
    "ap-guangzhou-4",
  ]);
});
