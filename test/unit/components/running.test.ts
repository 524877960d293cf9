/** What is looked up of a stack, and what is refused before any other resource is asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { repairVariable } from "../../../config/repair.ts";
import type { Run } from "../../support/mocks.ts";
import { assertOptions, beforeFailover, filesOf, getEnis, made, pair, run } from "./stack.ts";

/** Runs the program over a running stack that was made with `made`; tells which resources were registered and what came of it. */
async function over(changes: Record<string, string>): Promise<{ message: string | null; resources: string[] }> {
  const resources: string[] = [];
  const message = await run(changes, {
    ...beforeFailover,
    seen: ({ name, custom }) => void (custom && resources.push(name)),
  }).then(
    () => null,
    (error: Error) => error.message,
  );
  return { message, resources };
}

const refused: [what: string, changes: Record<string, string>, line: string][] = [
  ["the VIP", { vip: "10.0.1.101" }, 'vip: "10.0.1.101" can\'t be applied to the running stack; allowed: "10.0.1.100"'],
  [
    "a node's address",
    { nodeAddresses: '{"b":"10.0.1.18"}' },
    'nodeAddresses.b: "10.0.1.18" can\'t be applied to the running stack; allowed: "10.0.1.17"',
  ],
  [
    "the zone",
    { zone: "ap-guangzhou-4" },
    'zone: "ap-guangzhou-4" can\'t be applied to the running stack; allowed: "ap-guangzhou-3"',
  ],
  [
    "the VPC",
    { vpcCidr: "10.0.0.0/20" },
    'vpcCidr: "10.0.0.0/20" can\'t be applied to the running stack; allowed: "10.0.0.0/16"',
  ],
  [
    "the subnet",
    { subnetCidr: "10.0.1.0/25" },
    'subnetCidr: "10.0.1.0/25" can\'t be applied to the running stack; allowed: "10.0.1.0/24"',
  ],
];
for (const [what, changes, line] of refused) {
  test(`changing ${what} of a running stack is refused before any other resource is asked for`, async () => {
    const { message, resources } = await over(changes);
    assert.deepEqual(resources, ["ha-name", "ha-identity"]);
    const lines = (message ?? "").split("\n");
    assert.equal(lines[0], "The running stack was made with other addresses; nothing was changed.");
    assert.deepEqual(lines.slice(1, -1), [`  ${line}`]);
    assert.match(lines.at(-1) ?? "", /Set the old value again, .*pulumi destroy --refresh, then pulumi up/);
  });
}

test("what may change on a running stack goes through", async () => {
  const { message, resources } = await over({ mode: "standing-master", publicIp: "true", virtualRouterId: "77" });
  assert.equal(message, null);
  assert.equal(resources.length, 25);
});

test("a first update that ended before a machine had its ENI may go on with anything else, and is a first one again", async () => {
  const enis = ["a", "b"].map((node) => ({ name: `${pair}-${node}`, instanceId: "", ipv4s: [] }));
  const changes = { zone: "ap-guangzhou-4", vip: "10.0.1.101", nodeAddresses: '{"b":"10.0.1.18"}' };
  const r = await run(changes, { made, calls: { [getEnis]: () => ({ enis }) } });
  const stash = r.one("Stash", "ha-identity");
  assertOptions(stash, { replaceOnChanges: ["input"] });
  assert.equal((stash.inputs.input as { vip: string }).vip, "10.0.1.101");
  assert.equal(r.one("Subnet").inputs.availabilityZone, "ap-guangzhou-4");
  for (const eni of r.all("Eni")) assertOptions(eni, { replaceOnChanges: ["ipv4s"], deleteBeforeReplace: true });
  assert.deepEqual(
    r.one("Instance", "ha-a-instance").options.dependsOn,
    r.one("Instance", "ha-b-instance").options.dependsOn,
    "both machines at once",
  );
});

test("what the stack is made with is kept, and a refused change leaves no trace in it", async () => {
  const stash = (await run({}, beforeFailover)).one("Stash", "ha-identity");
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

test("a renamed stack keeps its pair's name, and so everything that carries it", async () => {
  const other = { ...beforeFailover, stack: "renamed" };
  const r = await run({}, { ...other, name: pair });
  assert.equal(r.outputs.pair, pair);
  assert.equal(r.one("CamRole").inputs.name, (await run({}, beforeFailover)).one("CamRole").inputs.name);
  for (const node of ["a", "b"]) assert.equal(r.one("Eni", `ha-vip-eni-${node}`).inputs.name, `${pair}-${node}`);
  assertOptions(r.one("Stash", "ha-name"), { ignoreChanges: ["input"] });
  assert.equal(r.one("Stash", "ha-name").inputs.input, "keepalived-cluster-renamed");
});

test("a new stack whose name a living pair has already is refused", async () => {
  const { made: _, ...living } = beforeFailover;
  await assert.rejects(
    run({}, living),
    /^Error: The account has a pair named keepalived-cluster-test that this stack knows nothing of; nothing was changed\./,
  );
});

test("a repair changes both nodes' commands and nothing else, and is kept so that the next run changes nothing", async (t) => {
  const commands = (r: Run) =>
    ["a", "b"].map((node) => String(r.one("Command", filesOf(node)).inputs.create).split("\n"));
  const before = commands(await run({}, beforeFailover));
  t.after(() => delete process.env[repairVariable]);
  process.env[repairVariable] = "2026-11-27T08:20:00.000Z";
  const repaired = await run({}, beforeFailover);
  delete process.env[repairVariable];
  const line = '# repaired "2026-11-27T08:20:00.000Z"';
  for (const [n, lines] of commands(repaired).entries()) assert.deepEqual(lines, before[n]?.toSpliced(2, 0, line));
  const { inputs, options } = repaired.one("Stash", "ha-identity");
  const { repair } = inputs.input as { repair: string };
  assert.equal(repair, "2026-11-27T08:20:00.000Z");
  const ofNetwork = ["zone", "vpcCidr", "subnetCidr", "vip", "nodeAddressA", "nodeAddressB", "vpcId", "subnetId"];
  const identity = [...ofNetwork, "publicIpId", "machines", "run"].map((key) => `input.${key}`);
  assert.deepEqual(options.ignoreChanges, identity, "all of it, or a refused change would leave a trace");
  // The engine gives back the Stash's newest input, for the next run is told to ignore its own.
  const next = await run({}, { ...beforeFailover, newest: { ...made, repair } });
  assertOptions(next.one("Stash", "ha-identity"), { ignoreChanges: ["input"] });
  assert.deepEqual(commands(next), commands(repaired));
});
