/**
 * Every resource of the program with its exact inputs and options. That the engine and the provider act on them as meant is
 * not shown here; docs/real-engine.md tells what was.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Given, type Options, type Recorded, type Run, runProgram } from "../../support/mocks.ts";
import { key, least } from "../given.ts";

const getEnis = "tencentcloud:index/getEnis:getEnis";
const getImages = "tencentcloud:index/getImages:getImages";

/** The least stack, with what a test wants otherwise. */
const run = (config: Record<string, string> = {}, more: Partial<Given> = {}): Promise<Run> =>
  runProgram({
    config: { ...least, ...config },
    ...more,
    calls: {
      [getEnis]: () => ({ enis: [] }),
      [getImages]: () => ({ images: [{ imageId: "img-newest" }, { imageId: "img-older" }] }),
      ...more.calls,
    },
  });

/** Compares with all options, so that one too many fails as well. */
function assertOptions(resource: Recorded, expected: Partial<Options>): void {
  const none: Options = {
    ignoreChanges: [],
    dependsOn: [],
    deletedWith: "",
    replaceWith: [],
    deleteBeforeReplace: false,
    additionalSecretOutputs: [],
    protect: false,
    retainOnDelete: false,
    replaceOnChanges: [],
    aliases: [],
    replacementTrigger: undefined,
  };
  assert.deepEqual(resource.options, { ...none, ...expected }, resource.name);
}
const pair = "keepalived-cluster-test";
const kinds = (r: Run) =>
  r.resources
    .filter(({ custom }) => custom)
    .map(({ name }) => name)
    .sort();

const always = [
  "ha-a-attachment",
  "ha-a-files-install",
  "ha-a-handover",
  "ha-a-instance",
  "ha-access-grant",
  "ha-access-policy",
  "ha-access-role",
  "ha-b-attachment",
  "ha-b-files-install",
  "ha-b-handover",
  "ha-b-instance",
  "ha-identity",
  "ha-network-rules",
  "ha-network-security-group",
  "ha-network-subnet",
  "ha-network-vpc",
  "ha-template-key",
  "ha-template-placement",
  "ha-vip-eni-a",
  "ha-vip-eni-b",
];

test("which resources there are: as always, with an EIP, with an existing key pair", async () => {
  assert.deepEqual(kinds(await run()), always);
  assert.deepEqual(kinds(await run({ mode: "standing-master" })), always);
  assert.deepEqual(kinds(await run({ publicIp: "true" })), [...always, "ha-vip-eip", "ha-vip-eip-binding"].sort());
  const existing = await run({ sshPublicKey: "", keyPairId: "skey-abc" });
  assert.deepEqual(
    kinds(existing),
    always.filter((name) => name !== "ha-template-key"),
  );
  for (const instance of existing.all("Instance")) assert.deepEqual(instance.inputs.keyIds, ["skey-abc"]);
});

test("each logical name begins with its parent's", async () => {
  const { resources } = await run({ publicIp: "true" });
  for (const { name, parent } of resources.filter(({ name }) => name !== "ha" && name !== "ha-identity")) {
    assert.ok(parent !== "" && name.startsWith(`${parent}-`), `${name} under ${parent}`);
  }
});

test("network", async () => {
  const r = await run({ servicePorts: "[80,443]", tags: '{"team":"web"}' });
  const tags = { team: "web" };
  const vpcId = "ha-network-vpc-id";
  assert.deepEqual(r.one("Vpc").inputs, { name: pair, cidrBlock: "10.0.0.0/16", tags });
  assertOptions(r.one("Vpc"), {});
  assert.deepEqual(r.one("Subnet").inputs, {
    name: pair,
    vpcId,
    cidrBlock: "10.0.1.0/24",
    availabilityZone: "ap-guangzhou-3",
    tags,
  });
  assertOptions(r.one("Subnet"), {});
  assert.deepEqual(r.one("SecurityGroup").inputs, { name: pair, description: `Nodes of ${pair}`, tags });
  const rule = (protocol: string, port: string, cidrBlock: string, description: string) => {
    return { action: "ACCEPT", protocol, port, cidrBlock, description };
  };
  assert.deepEqual(r.one("SecurityGroupRuleSet").inputs, {
    securityGroupId: "ha-network-security-group-id",
    ingresses: [
      rule("ALL", "ALL", "10.0.1.16/32", "VRRP from node a"),
      rule("ALL", "ALL", "10.0.1.17/32", "VRRP from node b"),
      rule("TCP", "22", "203.0.113.7/32", "SSH"),
      rule("ICMP", "ALL", "10.0.0.0/16", "ping"),
      rule("TCP", "80", "10.0.0.0/16", "service"),
      rule("TCP", "443", "10.0.0.0/16", "service"),
    ],
    egresses: [rule("ALL", "ALL", "0.0.0.0/0", "Everything out")],
  });
  assertOptions(r.one("SecurityGroupRuleSet"), {});
});

const eniInputs = (node: "a" | "b", ipv4s: unknown[]) => ({
  name: `${pair}-${node}`,
  description: `VRRP address of node ${node}`,
  vpcId: "ha-network-vpc-id",
  subnetId: "ha-network-subnet-id",
  orderlySecurityGroups: ["ha-network-security-group-id"],
  ipv4s,
  tags: {},
});
const primary = (node: "a" | "b") => ({
  ip: node === "a" ? "10.0.1.16" : "10.0.1.17",
  primary: true,
  description: `node ${node}`,
});
const vipEntry = { ip: "10.0.1.100", primary: false, description: "VIP" };

test("two ENIs, the VIP born on node a's", async () => {
  const r = await run();
  assert.deepEqual(r.one("Eni", "ha-vip-eni-a").inputs, eniInputs("a", [primary("a"), vipEntry]));
  assert.deepEqual(r.one("Eni", "ha-vip-eni-b").inputs, eniInputs("b", [primary("b")]));
  for (const eni of r.all("Eni")) {
    assertOptions(eni, { ignoreChanges: ["ipv4s", "ipv4Count"], deleteBeforeReplace: true });
  }
  assert.deepEqual(
    r.calls.filter(({ token }) => token === getEnis),
    [],
    "a new stack has nothing to look up",
  );
});

/** What a stack was made with on an earlier run. */
const made = {
  zone: "ap-guangzhou-3",
  vpcCidr: "10.0.0.0/16",
  subnetCidr: "10.0.1.0/24",
  vip: "10.0.1.100",
  nodeAddressA: "10.0.1.16",
  nodeAddressB: "10.0.1.17",
  run: "the first",
};
/**
 * A running stack after a failover: node b's ENI has the VIP. The filter is fuzzy, and other VPCs may use the address, so
 * other ENIs come along.
 */
const afterFailover: Partial<Given> = {
  made,
  calls: {
    [getEnis]: () => ({
      enis: [
        { id: "eni-x", name: "other", ipv4s: [{ ip: "110.0.1.100" }] },
        { id: "eni-y", name: "keepalived-cluster-other-a", ipv4s: [{ ip: "10.0.1.100" }] },
        {
          id: "ha-vip-eni-b-id",
          name: `${pair}-b`,
          ipv4s: [{ ip: "10.0.1.17" }, { ip: "10.0.1.100" }],
          instanceId: "ins-b",
        },
      ],
    }),
  },
};
/** A running stack whose VIP is where it was made. */
const beforeFailover: Partial<Given> = {
  made,
  calls: {
    [getEnis]: () => ({ enis: [{ name: `${pair}-a`, ipv4s: [{ ip: "10.0.1.100" }], instanceId: "ins-a" }] }),
  },
};

test("after a failover a rebuilt ENI and a new EIP go by where the VIP is", async () => {
  const r = await run({ publicIp: "true" }, afterFailover);
  const looked = r.calls.filter(({ token }) => token === getEnis).map(({ inputs }) => inputs);
  assert.deepEqual(looked, [{ ipv4: "10.0.1.100" }], "once, by address, never by id");
  assert.deepEqual(r.one("Eni", "ha-vip-eni-a").inputs.ipv4s, [primary("a")]);
  assert.deepEqual(r.one("Eni", "ha-vip-eni-b").inputs.ipv4s, [primary("b"), vipEntry]);
  assert.equal(r.one("EipAssociation").inputs.networkInterfaceId, "ha-vip-eni-b-id");
});

test("the EIP is bound to the VIP before any ENI is attached", async () => {
  const r = await run({ publicIp: "true", publicIpBandwidthMbps: "50" });
  assert.deepEqual(r.one("Eip").inputs, {
    name: pair,
    internetChargeType: "TRAFFIC_POSTPAID_BY_HOUR",
    internetMaxBandwidthOut: 50,
    tags: {},
  });
  assertOptions(r.one("Eip"), {});
  assert.deepEqual(r.one("EipAssociation").inputs, {
    eipId: "ha-vip-eip-id",
    networkInterfaceId: "ha-vip-eni-a-id",
    privateIp: "10.0.1.100",
  });
  assertOptions(r.one("EipAssociation"), {
    ignoreChanges: ["networkInterfaceId", "privateIp"],
    deleteBeforeReplace: true,
  });
  for (const node of ["a", "b"]) {
    const attachment = r.one("EniAttachment", `ha-${node}-attachment`);
    assert.deepEqual(attachment.inputs, { eniId: `ha-vip-eni-${node}-id`, instanceId: `ha-${node}-instance-id` });
    assertOptions(attachment, { dependsOn: ["ha-access-grant", "ha-vip-eip-binding"], deleteBeforeReplace: true });
  }
  assert.equal(r.outputs.publicIp, "198.51.100.9");
});

test("without an EIP an attachment waits for the role alone, and the output is null", async () => {
  const r = await run();
  for (const attachment of r.all("EniAttachment")) {
    assertOptions(attachment, { dependsOn: ["ha-access-grant"], deleteBeforeReplace: true });
  }
  assert.equal(r.outputs.publicIp, null);
});

const enis = ["qcs::vpc:ap-guangzhou::eni/ha-vip-eni-a-id", "qcs::vpc:ap-guangzhou::eni/ha-vip-eni-b-id"];
const move = {
  effect: "allow",
  action: ["vpc:MigratePrivateIpAddress", "vpc:AssignPrivateIpAddresses"],
  resource: enis,
};

test("the role is for instances, and may move addresses between the two ENIs and look, nothing else", async () => {
  const r = await run();
  const { document: trust, ...role } = r.one("CamRole").inputs;
  assert.deepEqual(role, { name: pair, description: `Nodes of ${pair}`, tags: {} });
  assert.deepEqual(JSON.parse(String(trust)), {
    version: "2.0",
    statement: [{ action: ["name/sts:AssumeRole"], effect: "allow", principal: { service: ["cvm.qcloud.com"] } }],
  });
  const { document, ...policy } = r.one("CamPolicy").inputs;
  assert.deepEqual(policy, { name: pair, description: `Lets the nodes of ${pair} move their VIP`, tags: {} });
  assert.deepEqual(JSON.parse(String(document)), {
    version: "2.0",
    statement: [
      move,
      { effect: "allow", action: ["vpc:DescribeNetworkInterfaces", "vpc:DescribeVpcTaskResult"], resource: ["*"] },
    ],
  });
  assert.deepEqual(r.one("CamRolePolicyAttachment").inputs, {
    roleId: "ha-access-role-id",
    policyId: "ha-access-policy-id",
  });
  for (const kind of ["CamRole", "CamPolicy", "CamRolePolicyAttachment"]) {
    assertOptions(r.one(kind), { deleteBeforeReplace: true });
  }
});

test("with an EIP the role may bind that one EIP", async () => {
  const r = await run({ publicIp: "true" });
  const both = (...actions: string[]) => actions.flatMap((action) => [`vpc:${action}`, `cvm:${action}`]);
  assert.deepEqual(JSON.parse(String(r.one("CamPolicy").inputs.document)), {
    version: "2.0",
    statement: [
      move,
      {
        effect: "allow",
        action: both("AssociateAddress", "DisassociateAddress"),
        resource: [
          "qcs::vpc:ap-guangzhou::eip/ha-vip-eip-id",
          "qcs::cvm:ap-guangzhou::eip/ha-vip-eip-id",
          "qcs::cvm:ap-guangzhou::instance/*",
          ...enis,
        ],
      },
      {
        effect: "allow",
        action: [
          "vpc:DescribeNetworkInterfaces",
          "vpc:DescribeVpcTaskResult",
          ...both("DescribeAddresses", "DescribeTaskResult"),
        ],
        resource: ["*"],
      },
    ],
  });
});

const instanceInputs = (node: "a" | "b") => ({
  instanceName: `${pair}-${node}`,
  availabilityZone: "ap-guangzhou-3",
  imageId: "img-newest",
  instanceType: "S5.MEDIUM2",
  vpcId: "ha-network-vpc-id",
  subnetId: "ha-network-subnet-id",
  orderlySecurityGroups: ["ha-network-security-group-id"],
  keyIds: ["ha-template-key-id"],
  camRoleName: pair,
  disasterRecoverGroupIds: ["ha-template-placement-id"],
  systemDiskType: "CLOUD_PREMIUM",
  systemDiskSize: 50,
  forceDelete: true,
  timeouts: { create: "20m" },
  tags: {},
});
const publicInputs = {
  allocatePublicIp: true,
  internetChargeType: "TRAFFIC_POSTPAID_BY_HOUR",
  internetMaxBandwidthOut: 10,
};
const foundations = ["ha-network-rules", "ha-vip-eni-a", "ha-vip-eni-b"];
const instanceOptions: Partial<Options> = {
  dependsOn: foundations,
  ignoreChanges: [
    "partitionNumber",
    "imageId",
    "keyIds",
    "userDataRaw",
    "instanceType",
    "systemDiskType",
    "systemDiskSize",
  ],
  additionalSecretOutputs: ["userData", "userDataRaw", "password"],
};

test("two instances on different hosts, none of which an update reinstalls", async () => {
  const r = await run();
  for (const node of ["a", "b"] as const) {
    const instance = r.one("Instance", `ha-${node}-instance`);
    assert.deepEqual(instance.inputs, { ...instanceInputs(node), ...publicInputs });
    const { replacementTrigger } = instance.options;
    assertOptions(instance, { ...instanceOptions, replacementTrigger });
  }
  assert.deepEqual(r.one("PlacementGroup").inputs, { name: pair, type: "HOST", tags: {} });
  assert.deepEqual(r.one("KeyPair").inputs, {
    keyName: r.one("KeyPair").inputs.keyName,
    publicKey: key.publicKey.split(" ").slice(0, 2).join(" "),
    tags: {},
  });
  assert.match(String(r.one("KeyPair").inputs.keyName), /^[a-z]{7}_[0-9a-f]{8}_[0-9a-f]{8}$/);
  assertOptions(r.one("KeyPair"), {});
});

test("a public address on the nodes is nothing but asked for: SSH follows", async () => {
  const off = await run({ nodePublicIp: "false", sshCidrs: '["10.9.0.0/16"]' });
  for (const node of ["a", "b"] as const) {
    assert.deepEqual(off.one("Instance", `ha-${node}-instance`).inputs, instanceInputs(node));
  }
  const hosts = (r: Run) =>
    ["a", "b"]
      .map((node) => r.one("Command", filesOf(node)))
      .map(({ inputs }) => (inputs.connection as { host: string }).host)
      .sort();
  assert.deepEqual(hosts(off), ["10.0.1.4", "10.0.1.5"]);
  assert.deepEqual(hosts(await run()), ["198.51.100.1", "198.51.100.2"]);
});

const filesOf = (node: string) => `ha-${node}-files-install`;

test("a running pair changes node by node, the one with the VIP last and only after it was taken over", async () => {
  for (const [active, other, given] of [
    ["a", "b", beforeFailover],
    ["b", "a", afterFailover],
  ] as const) {
    const r = await run({}, given);
    const waitsFor = (kind: string, name: string) => r.one(kind, name).options.dependsOn;
    assert.deepEqual(waitsFor("Instance", `ha-${other}-instance`), foundations);
    assert.deepEqual(waitsFor("EniAttachment", `ha-${other}-attachment`), ["ha-access-grant"]);
    assert.deepEqual(waitsFor("Command", filesOf(other)), [`ha-${other}-attachment`]);
    const handover = r.one("Command", `ha-${active}-handover`);
    assert.equal(handover.inputs.create, "/etc/keepalived/vip.py take");
    assert.equal((handover.inputs.connection as { host: string }).host, `198.51.100.${other === "a" ? 1 : 2}`);
    assert.deepEqual(handover.options.dependsOn, [filesOf(other)]);
    assert.deepEqual(waitsFor("Instance", `ha-${active}-instance`), [filesOf(other), ...foundations]);
    assert.deepEqual(
      waitsFor("EniAttachment", `ha-${active}-attachment`),
      [`ha-${active}-handover`, "ha-access-grant"].sort(),
    );
    assert.equal(r.one("Command", `ha-${other}-handover`).inputs.create, ":");
  }
});

test("where the VIP's ENI is on no machine yet, the other node may take it, and nothing insists on that", async () => {
  const r = await run(
    {},
    { made, calls: { [getEnis]: () => ({ enis: [{ name: `${pair}-a`, ipv4s: [{ ip: "10.0.1.100" }] }] }) } },
  );
  const take = "/etc/keepalived/vip.py take";
  assert.equal(r.one("Command", "ha-a-handover").inputs.create, `${take} || ${take} || :`);
});

test("a new pair moves nothing, and a handover runs again only when the machines' design changes", async () => {
  const r = await run();
  for (const [giver, taker] of ["ab", "ba"]) {
    const handover = r.one("Command", `ha-${giver}-handover`);
    assert.equal(handover.inputs.create, ":");
    assert.deepEqual(handover.inputs.triggers, [r.one("Instance", `ha-${giver}-instance`).options.replacementTrigger]);
    assertOptions(handover, {
      dependsOn: [filesOf(taker ?? "")],
      ignoreChanges: ["connection", "create"],
      additionalSecretOutputs: ["connection"],
      replaceOnChanges: ["triggers[*]"],
    });
  }
});

test("image, type, disk, user data, key and the nodes' public addresses replace the nodes; nothing else does", async () => {
  const triggerOf = async (config: Record<string, string>) => {
    const instances = (await run(config)).all("Instance").map(({ options }) => options.replacementTrigger);
    assert.equal(new Set(instances).size, 1);
    return instances[0];
  };
  const usual = await triggerOf({});
  assert.match(String(usual), /^[0-9a-f]{16}$/);
  const designs: Record<string, string>[] = [
    { imageName: "Debian 13" },
    { imageId: "img-mine" },
    { instanceType: "S5.LARGE8" },
    { systemDiskSizeGb: "60" },
    { systemDiskType: "CLOUD_SSD" },
    { userDataFile: "lab/user-data.sh" },
    { sshPublicKey: "", keyPairId: "skey-abc" },
    { nodePublicIp: "false" },
  ];
  const triggers = new Set([usual]);
  for (const config of designs) triggers.add(await triggerOf(config));
  assert.equal(triggers.size, designs.length + 1);
  const alike: Record<string, string>[] = [{ mode: "standing-master" }, { tags: '{"a":"b"}' }];
  for (const config of [...alike, { sshPublicKey: `${key.publicKey} another comment` }]) {
    assert.equal(await triggerOf(config), usual);
  }
});

test("the image is looked up only when none is named", async () => {
  const named = await run({ imageId: "img-mine" }, { calls: { [getImages]: () => assert.fail("looked up") } });
  for (const instance of named.all("Instance")) assert.equal(instance.inputs.imageId, "img-mine");
  const r = await run({ imageName: "Ubuntu Server 24.04" });
  const looked = r.calls.filter(({ token }) => token === getImages).map(({ inputs }) => inputs);
  assert.deepEqual(looked, [
    { imageTypes: ["PUBLIC_IMAGE"], osName: "Ubuntu Server 24.04", instanceType: "S5.MEDIUM2" },
  ]);
});

test("user data arrives as it is, and as a secret", async () => {
  const r = await run({ userDataFile: "lab/user-data.sh" });
  for (const { inputs, secrets } of r.all("Instance")) {
    assert.match(String(inputs.userDataRaw), /^#!\/bin\/sh/);
    assert.deepEqual(secrets, ["userDataRaw"]);
  }
});

test("one command per node, node b after node a, with everything secret on standard input", async () => {
  const r = await run({ hostKeys: JSON.stringify({ b: key.publicKey }) });
  for (const node of ["a", "b"] as const) {
    const { inputs, secrets, ...rest } = r.one("Command", `ha-${node}-files-install`);
    assert.deepEqual(Object.keys(inputs).sort(), ["addPreviousOutputInEnv", "connection", "create", "delete", "stdin"]);
    assert.equal(inputs.addPreviousOutputInEnv, false);
    assert.equal(inputs.delete, "sh -s uninstall");
    const [first, ...list] = String(inputs.create).split("\n");
    assert.equal(first, "sh -s install");
    assert.equal(
      list[0],
      `# on ha-${node}-instance-id`,
      "a machine with the address of its predecessor is another one",
    );
    assert.ok(list.some((line) => /^# \/etc\/keepalived\/vip\.json 0600 [0-9a-f]{12}$/.test(line)));
    assert.ok(secrets.includes("stdin"), "stdin is a secret");
    assert.ok(secrets.includes("connection"), "connection is a secret");
    const { privateKey, hostKey, ...connection } = inputs.connection as Record<string, unknown>;
    assert.deepEqual(connection, {
      host: node === "a" ? "198.51.100.1" : "198.51.100.2",
      user: "root",
      dialErrorLimit: 60,
      perDialTimeout: 15,
      port: 22,
    });
    assert.equal(privateKey, key.privateKey);
    assert.equal(hostKey, node === "b" ? key.publicKey : undefined);
    assertOptions(rest as Recorded, {
      dependsOn: [`ha-${node}-attachment`, ...(node === "b" ? ["ha-a-files-install"] : [])].sort(),
      deletedWith: "ha-network-subnet",
      deleteBeforeReplace: true,
      additionalSecretOutputs: ["stdout", "stderr", "connection"],
      replaceOnChanges: ["triggers[*]"],
    });
  }
});

test("the private key is nowhere but in the connection, and in no output", async () => {
  const r = await run();
  const middle = key.privateKey.slice(40, 80);
  for (const { name, inputs } of r.resources) {
    const { connection: _connection, ...others } = inputs;
    assert.ok(!JSON.stringify(others).includes(middle), name);
  }
  assert.ok(!JSON.stringify(r.outputs).includes(middle));
});

const bundleIn = (stdin: unknown) =>
  Buffer.from(String(stdin).split("__BUNDLE__")[1]?.replace(/^.*\n/, "") ?? "", "base64").toString("latin1");

test("the notifyUrl is nowhere but in the standard input, which is secret, and no digest of it either", async () => {
  const notifyUrl = "https://hooks.example/TopSecret";
  const config = { notifyUrl, healthCheck: '{"tcp":80}' };
  const r = await run(config, { secretKeys: ["notifyUrl"] });
  const digest = createHash("sha256").update(`${notifyUrl}\n`).digest("hex").slice(0, 12);
  for (const { name, type, inputs, secrets } of r.resources) {
    const { stdin, ...others } = inputs;
    assert.doesNotMatch(JSON.stringify(others), new RegExp(`TopSecret|hooks\\.example|${digest}`), name);
    if (!type.endsWith(":Command") || !name.endsWith("-install")) continue;
    assert.ok(secrets.includes("stdin"));
    assert.equal(
      bundleIn(stdin).split(notifyUrl).length,
      3,
      "once as the file, once in the list of what no message shows",
    );
    assert.match(String(inputs.create), /^# \/etc\/keepalived\/notify_url 0600 secret$/m);
  }
  assert.doesNotMatch(JSON.stringify(r.outputs), /TopSecret/);
});

test("of a health check that the user keeps secret nothing is shown, nor of the file that it is in", async () => {
  const target = "http://127.0.0.1:8080/health?token=TopSecret";
  const config = { healthCheck: JSON.stringify({ http: target }) };
  const r = await run(config, { secretKeys: ["healthCheck"] });
  for (const { name, type, inputs } of r.resources) {
    const { stdin, ...others } = inputs;
    assert.doesNotMatch(JSON.stringify(others), /TopSecret/, name);
    if (!type.endsWith(":Command") || !name.endsWith("-install")) continue;
    assert.equal(
      bundleIn(stdin).split(target).length,
      3,
      "once in the file, once in the list of what no message shows",
    );
    assert.match(String(inputs.create), /^# \/etc\/keepalived\/vip\.json 0600 secret$/m);
  }
  assert.doesNotMatch(JSON.stringify(r.outputs), /TopSecret/);
  const open = await run(config, { secretKeys: [] });
  assert.match(JSON.stringify(open.one("NodeFiles", "ha-a-files").inputs.cloudFiles), /TopSecret/);
});

test("the user's scripts are inputs of the component, so a preview shows their lines", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hooks-"));
  try {
    mkdirSync(join(folder, "active"));
    writeFileSync(join(folder, "active", "10-start"), "#!/bin/sh\nsystemctl start app\n");
    const r = await run({ hooksDir: folder });
    for (const { inputs } of r.all("NodeFiles")) {
      const { files } = inputs as Record<string, Record<string, string>>;
      assert.equal(files?.["/etc/keepalived/hooks/active/10-start"], "#!/bin/sh\nsystemctl start app\n");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a user who isn't root goes through sudo, and by the image's name is ubuntu", async () => {
  const { inputs } = (await run({ imageName: "Ubuntu Server 24.04" })).one("Command", "ha-a-files-install");
  assert.equal((inputs.connection as { user: string }).user, "ubuntu");
  assert.ok(String(inputs.create).startsWith("sudo -n sh -s install\n"));
  assert.equal(inputs.delete, "sudo -n sh -s uninstall");
});

test("a node's files are inputs of its component, and the mode reaches both nodes", async () => {
  const files = (r: Run, node: string) =>
    r.one("NodeFiles", `ha-${node}-files`).inputs as Record<string, Record<string, string>>;
  const conf = (r: Run, node: string) => files(r, node).files?.["/etc/keepalived/keepalived.conf"] ?? "";
  const stable = await run();
  assert.match(conf(stable, "a"), /^\s*nopreempt\b/m);
  assert.match(conf(stable, "b"), /^\s*nopreempt\b/m);
  const standing = await run({ mode: "standing-master", preferredNode: "b", preemptDelay: "7", publicIp: "true" });
  assert.match(conf(standing, "b"), /^\s*preempt_delay 7\b/m);
  assert.doesNotMatch(conf(standing, "a"), /^\s*(nopreempt|preempt_delay)/m);
  const vip = JSON.parse(files(standing, "b").cloudFiles?.["/etc/keepalived/vip.json"] ?? "{}") as Record<
    string,
    unknown
  >;
  assert.equal(vip.eniId, "ha-vip-eni-b-id");
  assert.equal(vip.peerEniId, "ha-vip-eni-a-id");
  assert.equal(vip.mac, "20:90:6F:00:00:0B");
  assert.equal(vip.eipId, "ha-vip-eip-id");
});

test("what the program says at its end", async () => {
  const { outputs } = await run({ hostKeys: JSON.stringify({ b: key.publicKey }) });
  const node = (name: "a" | "b", publicIp: string, hostKey: string) => ({
    instanceId: `ha-${name}-instance-id`,
    eniId: `ha-vip-eni-${name}-id`,
    address: name === "a" ? "10.0.1.16" : "10.0.1.17",
    publicIp,
    sshUser: "root",
    hostKey,
  });
  assert.deepEqual(outputs, {
    pair,
    mode: "stable",
    vip: "10.0.1.100",
    publicIp: null,
    nodes: {
      a: node("a", "198.51.100.1", "ssh-ed25519 AAAA-ha-a-files-install"),
      b: node("b", "198.51.100.2", key.publicKey),
    },
    next: {
      status: "npm run ha -- status",
      switchover: "npm run ha -- switchover",
      sshA: "ssh root@198.51.100.1",
      sshB: "ssh root@198.51.100.2",
      takeDown: "pulumi destroy --refresh",
    },
  });
});

test("two stacks share no name in the account", async () => {
  const named = (r: Run) =>
    r.resources.flatMap(({ type, inputs }) =>
      [inputs.name, inputs.keyName, inputs.instanceName].filter(Boolean).map((name) => `${type} ${String(name)}`),
    );
  const one = named(await run({}, { stack: "prod" }));
  const other = new Set(named(await run({}, { stack: "dev" })));
  assert.equal(one.length, 11);
  assert.deepEqual(
    one.filter((name) => other.has(name)),
    [],
  );
});

test("what the stack is made with is kept, and a refused change leaves no trace in it", async () => {
  const stash = (await run()).one("Stash");
  assert.deepEqual(stash.inputs, {
    input: {
      zone: "ap-guangzhou-3",
      vpcCidr: "10.0.0.0/16",
      subnetCidr: "10.0.1.0/24",
      vip: "10.0.1.100",
      nodeAddressA: "10.0.1.16",
      nodeAddressB: "10.0.1.17",
      run: (stash.inputs.input as { run: string }).run,
    },
  });
  assertOptions(stash, { ignoreChanges: ["input"] });
});
