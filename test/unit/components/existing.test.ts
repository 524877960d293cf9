/** A pair in what was there before: what is looked up, what is refused before anything is asked for, what is left alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run } from "../../support/mocks.ts";
import { existingConfig, existingWorld, madeThere, ownEnis, type World, worldAnswers } from "./existing.ts";
import { made, pair, run } from "./stack.ts";

interface Outcome {
  message: string | null;
  /** Names of the resources that were asked for. */
  asked: string[];
  result: Run | null;
}

/** Runs the program in a world, over a stack that was made with `before`. */
async function inWorld(
  change: (world: World) => void,
  config: Record<string, string> = {},
  before?: Record<string, unknown>,
): Promise<Outcome> {
  const world = existingWorld();
  change(world);
  const asked: string[] = [];
  const seen = ({ name, custom }: { name: string; custom: boolean }) => void (custom && asked.push(name));
  const given = { calls: worldAnswers(world), seen, ...(before && { made: before }) };
  return run({ ...existingConfig, ...config }, given).then(
    (result) => ({ message: null, asked, result }),
    (error: Error) => ({ message: error.message, asked, result: null }),
  );
}
const asItIs = () => {};
const ours = (world: World) => void world.enis.push(...ownEnis(pair));
const eip = (change: Record<string, string>) => (world: World) => void Object.assign(world.eips[0] ?? {}, change);

test("a pair in an existing subnet, with an existing EIP and security group", async () => {
  const { result } = await inWorld(asItIs, { servicePorts: "[80]" });
  assert.ok(result);
  for (const kind of ["Vpc", "Subnet", "Eip"]) assert.deepEqual(result.all(kind), [], kind);
  const groups = ["ha-network-security-group-id", "sg-00000001"];
  const there = { vpcId: "vpc-00000001", subnetId: "subnet-00000001", orderlySecurityGroups: groups };
  for (const eni of result.all("Eni")) assert.partialDeepStrictEqual(eni.inputs, there);
  for (const instance of result.all("Instance")) {
    assert.partialDeepStrictEqual(instance.inputs, { ...there, availabilityZone: "ap-guangzhou-4" });
  }
  const rules = result.one("SecurityGroupRuleSet").inputs;
  assert.equal(rules.securityGroupId, "ha-network-security-group-id", "never the rules of a group that is not ours");
  const cidrs = (rules.ingresses as { cidrBlock: string }[]).map(({ cidrBlock }) => cidrBlock);
  assert.deepEqual(cidrs, ["10.8.4.16/32", "10.8.4.17/32", "203.0.113.7/32", "10.8.0.0/16", "10.8.0.0/16"]);
  const binding = { eipId: "eip-00000001", networkInterfaceId: "ha-vip-eni-a-id", privateIp: "10.8.4.9" };
  assert.deepEqual(result.one("EipAssociation").inputs, binding);
  assert.match(String(result.one("CamPolicy").inputs.document), /::eip\/eip-00000001"/);
  const vipJson = result.all("NodeFiles").map(({ inputs }) => JSON.stringify(inputs));
  for (const text of vipJson) assert.match(text, /eip-00000001/);
  assert.equal(result.outputs.publicIp, "198.51.100.77");
  const { run: _, ...kept } = (result.one("Stash", "ha-identity").inputs as { input: Record<string, unknown> }).input;
  assert.deepEqual({ ...kept, run: "the first" }, madeThere);
});

test("a subnet of the pair's own in an existing VPC", async () => {
  const config = { zone: "ap-guangzhou-4", subnetId: "", subnetCidr: "10.8.9.0/24", vip: "", publicIpId: "" };
  const { result } = await inWorld(asItIs, config);
  assert.ok(result);
  assert.deepEqual(result.all("Vpc"), []);
  const subnet = { vpcId: "vpc-00000001", cidrBlock: "10.8.9.0/24", availabilityZone: "ap-guangzhou-4" };
  assert.partialDeepStrictEqual(result.one("Subnet").inputs, subnet);
  assert.equal(result.outputs.vip, "10.8.9.100");
  for (const { options } of result.all("Command").filter(({ name }) => name.endsWith("install"))) {
    assert.equal(options.deletedWith, "ha-network-subnet");
  }
});

test("the subnet alone names its VPC, and nothing is asked of a network that the pair makes", async () => {
  const { result } = await inWorld(asItIs, { vpcId: "" });
  assert.equal(result?.one("Instance", "ha-a-instance").inputs.vpcId, "vpc-00000001");
  const own = await run({});
  const asked = new Set(own.calls.map(({ token }) => token.split(":").at(-1)));
  assert.deepEqual([...asked].sort(), ["getEnis", "getImages", "getInstanceTypes", "getKeyPairs"]);
});

const allowed = "allowed: an address of the subnet 10.8.4.0/24, 10.8.4.2 to 10.8.4.254";
const refused: [what: string, change: (world: World) => void, config: Record<string, string>, line: string][] = [
  [
    "a VPC that is not there",
    asItIs,
    { vpcId: "vpc-0000000x", subnetId: "", subnetCidr: "10.8.9.0/24", zone: "ap-guangzhou-4", vip: "" },
    'vpcId: "vpc-0000000x" is not there in ap-guangzhou; allowed: the id of a VPC of this account and region',
  ],
  [
    "a subnet that is not there",
    asItIs,
    { subnetId: "subnet-0000000x" },
    'subnetId: "subnet-0000000x" is not there in ap-guangzhou; allowed: the id of a subnet of this account and region',
  ],
  [
    "a subnet of another VPC",
    (world) => void world.vpcs.push({ vpcId: "vpc-00000002", cidrBlock: "10.8.0.0/16" }),
    { vpcId: "vpc-00000002" },
    'subnetId: "subnet-00000001" belongs to vpc-00000001; allowed: a subnet of "vpc-00000002"',
  ],
  [
    "a zone that is not the subnet's",
    asItIs,
    { zone: "ap-guangzhou-3" },
    'zone: "ap-guangzhou-3" is not the zone of subnet-00000001; allowed: "ap-guangzhou-4", or no zone at all',
  ],
  ["a VIP outside the subnet", asItIs, { vip: "10.8.5.9" }, `vip: "10.8.5.9" is outside the subnet; ${allowed}`],
  ["the gateway", asItIs, { vip: "10.8.4.1" }, `vip: "10.8.4.1" is the gateway of the subnet; ${allowed}`],
  [
    "the last address",
    asItIs,
    { nodeAddresses: '{"b":"10.8.4.255"}' },
    `nodeAddresses.b: "10.8.4.255" is the broadcast address of the subnet; ${allowed}`,
  ],
  [
    "a VIP that is a node's",
    asItIs,
    { nodeAddresses: '{"a":"10.8.4.9"}' },
    `vip: "10.8.4.9" is already nodeAddresses.a; ${allowed}, one for each`,
  ],
  [
    "a VIP that somebody has",
    (world) => void Object.assign(world.used, { "10.8.4.9": ["CLB", "lb-12345678"] }),
    {},
    `vip: "10.8.4.9" belongs to CLB lb-12345678; ${allowed}, that nobody has`,
  ],
  [
    "a node's address that somebody has",
    (world) => void world.enis.push({ id: "eni-theirs00", name: `${pair}-ab`, ipv4s: [{ ip: "10.8.4.20" }] }),
    { nodeAddresses: '{"a":"10.8.4.20"}' },
    `nodeAddresses.a: "10.8.4.20" belongs to ENI eni-theirs00; ${allowed}, that nobody has`,
  ],
  [
    "a subnet that is nearly full",
    (world) => void Object.assign(world.subnets[0] ?? {}, { availableIpCount: 5 }),
    {},
    'subnetId: "subnet-00000001" (10.8.4.0/24) has 5 free addresses; allowed: a subnet with 6 or more, for two machines, ' +
      "two ENIs, the VIP, and a machine that replaces another",
  ],
  [
    "a new subnet outside the VPC",
    asItIs,
    { subnetId: "", subnetCidr: "10.9.0.0/24", zone: "ap-guangzhou-4", vip: "" },
    'subnetCidr: "10.9.0.0/24" is not inside the VPC; allowed: a network within 10.8.0.0/16',
  ],
  [
    "a new subnet over another one",
    asItIs,
    { subnetId: "", subnetCidr: "10.8.4.128/25", zone: "ap-guangzhou-4", vip: "" },
    'subnetCidr: "10.8.4.128/25" overlaps subnet-00000001 ("10.8.4.0/24"); allowed: a network that shares no address with ' +
      "another subnet",
  ],
  [
    "a security group that is not there",
    asItIs,
    { securityGroupIds: '["sg-00000001","sg-0000000x"]' },
    'securityGroupIds[1]: "sg-0000000x" is not there in ap-guangzhou; allowed: the id of a security group of this account ' +
      "and region",
  ],
  [
    "an EIP that is not there",
    asItIs,
    { publicIpId: "eip-0000000x" },
    'publicIpId: "eip-0000000x" is not there in ap-guangzhou; allowed: the id of an EIP of this account and region',
  ],
  [
    "an EIP on another's machine",
    eip({ status: "BIND", instanceId: "ins-theirs00" }),
    {},
    'publicIpId: "eip-00000001" (198.51.100.77) is bound to ins-theirs00; allowed: an EIP that is bound to nothing (UNBIND)',
  ],
  [
    "an EIP on another's ENI",
    eip({ status: "BIND_ENI", eniId: "eni-theirs00" }),
    {},
    'publicIpId: "eip-00000001" (198.51.100.77) is bound to eni-theirs00; allowed: an EIP that is bound to nothing (UNBIND)',
  ],
  [
    "an EIP on its way out",
    eip({ status: "OFFLINING" }),
    {},
    'publicIpId: "eip-00000001" (198.51.100.77) is OFFLINING; allowed: an EIP that is bound to nothing (UNBIND)',
  ],
];
for (const [what, change, config, line] of refused) {
  test(`${what} is refused before anything is asked for`, async () => {
    const { message, asked } = await inWorld(change, config);
    assert.deepEqual((message ?? "").split("\n").slice(1, -1), [`  ${line}`]);
    assert.deepEqual(asked, ["ha-name"]);
  });
}

test("all problems come at once", async () => {
  const { message, asked } = await inWorld(eip({ status: "BIND", instanceId: "ins-theirs00" }), {
    zone: "ap-guangzhou-3",
    vip: "10.8.4.0",
    securityGroupIds: '["sg-0000000x"]',
  });
  const [title = "", ...lines] = (message ?? "").split("\n");
  assert.match(title, /^The configuration has 4 problems with what is there; nothing was changed\.$/);
  const keys = lines.slice(0, -1).map((line) => line.trim().split(":")[0]);
  assert.deepEqual(keys, ["zone", "vip", "securityGroupIds[0]", "publicIpId"]);
  assert.deepEqual(asked, ["ha-name"]);
});

const nodesOf = ({ result }: Outcome) => {
  const nodes = result?.outputs.nodes as Record<"a" | "b", { address: string }> | undefined;
  return [nodes?.a.address, nodes?.b.address];
};

test("addresses that the user leaves open are chosen free, from host 16 on and then below", async () => {
  const taken = (...hosts: number[]) => {
    return (world: World) => {
      for (const host of hosts) world.used[`10.8.4.${host}`] = ["CVM", "ins-theirs00"];
    };
  };
  const all = Array.from({ length: 253 }, (_, i) => i + 2);
  assert.deepEqual(nodesOf(await inWorld(taken(16))), ["10.8.4.17", "10.8.4.18"]);
  const around = { vip: "10.8.4.17", nodeAddresses: '{"b":"10.8.4.18"}' };
  assert.deepEqual(nodesOf(await inWorld(taken(16), around)), ["10.8.4.19", "10.8.4.18"]);
  const few = taken(...all.filter((host) => ![3, 9, 201].includes(host)));
  assert.deepEqual(nodesOf(await inWorld(few)), ["10.8.4.201", "10.8.4.3"], "more than one question may be needed");
  const { message } = await inWorld(taken(...all.filter((host) => ![9, 201].includes(host))));
  assert.match(message ?? "", /^ {2}subnetId: /m);
});

test("in a running stack the pair's own addresses and EIP are no problem, and the chosen addresses stay", async () => {
  const bound = eip({ status: "BIND_ENI", eniId: "eni-0000000b" });
  const nearlyFull = (world: World) => void Object.assign(world.subnets[0] ?? {}, { availableIpCount: 0 });
  const world = (it: World) => {
    for (const change of [ours, bound, nearlyFull]) change(it);
  };
  const before = { ...madeThere, nodeAddressA: "10.8.4.33" };
  const again = await inWorld(world, {}, before);
  assert.equal(again.message, null);
  assert.deepEqual(nodesOf(again), ["10.8.4.33", "10.8.4.17"], "as the stack was made, whatever is free today");
  assert.equal(again.result?.one("EipAssociation").inputs.networkInterfaceId, "ha-vip-eni-b-id");
});

const running = (ids: Record<string, string | undefined>) => ({ ...madeThere, ...ids });
const moved: [what: string, config: Record<string, string>, before: Record<string, unknown>, lines: string[]][] = [
  [
    "from a VPC of its own into an existing one",
    { zone: "ap-guangzhou-3", subnetId: "", subnetCidr: "10.8.9.0/24", vip: "", publicIpId: "" },
    made,
    [
      'vpcId: "vpc-00000001" can\'t be applied to the running stack; allowed: none',
      'subnetCidr: "10.8.9.0/24" can\'t be applied to the running stack; allowed: "10.0.1.0/24"',
      'vip: "10.8.9.100" can\'t be applied to the running stack; allowed: "10.0.1.100"',
      'nodeAddresses.a: "10.8.9.16" can\'t be applied to the running stack; allowed: "10.0.1.16"',
      'nodeAddresses.b: "10.8.9.17" can\'t be applied to the running stack; allowed: "10.0.1.17"',
    ],
  ],
  [
    "from an existing VPC into one of its own",
    {
      vpcId: "",
      subnetId: "",
      zone: "ap-guangzhou-4",
      vpcCidr: "10.8.0.0/16",
      subnetCidr: "10.8.4.0/24",
      nodeAddresses: '{"a":"10.8.4.16","b":"10.8.4.17"}',
    },
    madeThere,
    [
      'vpcId: none can\'t be applied to the running stack; allowed: "vpc-00000001"',
      'subnetId: none can\'t be applied to the running stack; allowed: "subnet-00000001"',
    ],
  ],
  [
    "from an EIP of its own, or none, to an existing one",
    {},
    running({ publicIpId: undefined }),
    ['publicIpId: "eip-00000001" can\'t be applied to the running stack; allowed: none'],
  ],
  [
    "from an existing EIP to one of its own",
    { publicIpId: "", publicIp: "true" },
    madeThere,
    ['publicIp: "true" can\'t be applied to the running stack; allowed: "false"'],
  ],
];
for (const [what, config, before, lines] of moved) {
  test(`a running stack does not go ${what}`, async () => {
    const { message, asked } = await inWorld(ours, config, before);
    const text = (message ?? "").split("\n");
    assert.deepEqual(
      text.slice(1, -1),
      lines.map((line) => `  ${line}`),
    );
    assert.match(text.at(-1) ?? "", /pulumi destroy --refresh, then pulumi up/);
    assert.deepEqual(asked, ["ha-name", "ha-identity"]);
  });
}

test("a running stack lets go of an existing EIP, which stays, and takes it again", async () => {
  const without = await inWorld(ours, { publicIpId: "" }, madeThere);
  assert.equal(without.message, null);
  assert.deepEqual([...(without.result?.all("EipAssociation") ?? []), ...(without.result?.all("Eip") ?? [])], []);
  assert.equal((await inWorld(ours, {}, madeThere)).result?.all("EipAssociation").length, 1);
});
