/** A pair on two machines that a user has: it works as any other, and leaves them as they were. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Call, connect } from "../../../lab/engine/client.ts";
import { readConfig } from "../../../lab/state.ts";
import type { World } from "../../../lab/world/record.ts";
import { differences } from "../../../lab/world/snapshot.ts";
import { footprint, leftOf } from "../../support/footprint.ts";
import { Lab, until } from "../../support/lab.ts";
import { worldNow, worldOf } from "./worldLife.ts";

/** As the machines' owner would: each gets a public address, by which SSH reaches it. */
async function openToSsh(call: Call, { machines, securityGroupId }: World): Promise<void> {
  for (const { instanceId } of Object.values(machines)) {
    const [id] = (await call("vpc", "AllocateAddresses", {})).AddressSet as string[];
    const is = (status: string) =>
      until(`${id} is ${status}`, async () => {
        const { AddressSet } = await call("vpc", "DescribeAddresses", { AddressIds: [id] });
        return (AddressSet as Record<string, unknown>[])[0]?.AddressStatus === status;
      });
    await is("UNBIND");
    await call("vpc", "AssociateAddress", { AddressId: id, InstanceId: instanceId });
    await is("BIND");
  }
  const { SecurityGroupPolicySet } = await call("vpc", "DescribeSecurityGroupPolicies", {
    SecurityGroupId: securityGroupId,
  });
  const { Ingress, Egress } = SecurityGroupPolicySet as Record<string, Record<string, unknown>[]>;
  const rule = ({ Protocol, Port, CidrBlock, Action }: Record<string, unknown>) => ({
    Protocol,
    Port,
    CidrBlock,
    Action,
  });
  const ssh = { Protocol: "TCP", Port: "22", CidrBlock: "198.18.0.0/15", Action: "ACCEPT" };
  await call("vpc", "ModifySecurityGroupPolicies", {
    SecurityGroupId: securityGroupId,
    SecurityGroupPolicySet: { Ingress: [ssh, ...(Ingress ?? []).map(rule)], Egress: (Egress ?? []).map(rule) },
  });
}

describe("two machines that are there already", () => {
  const lab = new Lab("tj");
  let world: World;
  let found: string[];
  const up = (...sets: string[]) =>
    lab.run(
      ...["up", "--engine", "inline", "--set", `instanceIds.a=${world.machines.a.instanceId}`],
      ...["--set", `instanceIds.b=${world.machines.b.instanceId}`, "--set", `vip=${world.vip}`],
      ...sets.flatMap((set) => ["--set", set]),
    );

  before(async () => {
    await lab.run("world");
    world = worldOf(lab);
    const config = readConfig(lab.name) ?? assert.fail("no lab");
    await openToSsh(connect({ ...config, port: config.apiPort }), world);
    // At rest: an address on its way is a change by itself.
    let last: string[] = [];
    do {
      last = found ?? [];
      found = await worldNow(lab);
    } while (differences(last, found).length > 0);
  });
  after(async () => {
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), [], "down left something behind");
  });

  test("with a key of the stack's own: a user signs the calls, a repair puts its key back, and it is gone afterwards", async () => {
    await up("nodeRole=", "nodeCredentials=key");
    const status = await lab.converged();
    await lab.makeMaster(lab.master(status) === "a" ? "b" : "a");
    const moves = (await lab.journal()).filter(({ action }) => action === "MigratePrivateIpAddress");
    assert.equal(moves.at(-1)?.caller, `user:keepalived-cluster-${lab.name}`);
    const edit = "rm /usr/sbin/keepalived; systemctl mask keepalived; echo '{}' >/etc/keepalived/credentials.json";
    await lab.run("ssh", lab.master(status), edit);
    await lab.run("up", "--repair");
    await lab.converged();
    for (const node of ["a", "b"]) await lab.run("ssh", node, "/etc/keepalived/vip.py self-test");
    await lab.run("destroy");
    assert.deepEqual(differences(found, await worldNow(lab)), []);
    const actions = (await lab.journal()).map(({ action, result }) => `${action} ${result}`);
    for (const action of ["DeleteUser ok", "DeleteAccessKey ok"]) assert.ok(actions.includes(action), action);
  });
});
