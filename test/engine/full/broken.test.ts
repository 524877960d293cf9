/**
 * States in which Pulumi's record and the cloud disagree, each made for real: what the next `up` makes of it by itself, and
 * where it can't, docs/runbook.md followed to the letter.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JournalEntry } from "../../../lab/cloud/index.ts";
import type { Json, Service } from "../../../lab/engine/client.ts";
import { footprint, leftOf } from "../../support/footprint.ts";
import { poll, RealLab } from "../realLab.ts";
import { type Case, followRunbook } from "../runbook.ts";

const up = ["up", "--yes", "--skip-preview"];
/** What the runbook says of a crash of the provider. */
const crash = /error reading from server: EOF|connection reset by peer|UpgradeResourceState[\s\S]*Unavailable/;

describe("a stack whose record and whose cloud disagree", () => {
  const lab = new RealLab("eb", "broken");

  const byHand = (service: Service, action: string, request: Json) => lab.byHand(service, action, request);
  const runbook = (section: number, more: Omit<Case, "section"> = {}) => followRunbook(lab.name, { section, ...more });

  interface Eni {
    NetworkInterfaceId: string;
    NetworkInterfaceName: string;
    Attachment: object | null;
  }
  const enis = async (Name: string, value: string) =>
    (await byHand("vpc", "DescribeNetworkInterfaces", { Filters: [{ Name, Values: [value] }] }))
      .NetworkInterfaceSet as Eni[];
  /** The ENI that has the VIP. */
  const holder = async () => (await enis("address-ip", "10.0.1.100"))[0]?.NetworkInterfaceId ?? "";
  const nodeOf = (name: string) => (name.endsWith("-a") ? "a" : "b");

  const standby = async () => {
    const status = await lab.converged();
    const found = status.nodes.find(({ name }) => name !== lab.master(status));
    if (!found) throw new Error("no standby");
    return found;
  };

  async function detach({ eniId, instanceId }: { eniId: string; instanceId: string }): Promise<void> {
    await byHand("vpc", "DetachNetworkInterface", { NetworkInterfaceId: eniId, InstanceId: instanceId });
    await poll(
      "the ENI being detached",
      async () => (await enis("network-interface-id", eniId))[0]?.Attachment === null,
    );
  }

  async function deleteEni(node: { eniId: string; instanceId: string }): Promise<void> {
    await detach(node);
    await poll("the ENI being free", async () =>
      byHand("vpc", "DeleteNetworkInterface", { NetworkInterfaceId: node.eniId }).catch(() => false),
    );
    await poll("the ENI being gone", async () => (await enis("network-interface-id", node.eniId)).length === 0);
  }

  before(async () => {
    await lab.run("cloud");
    await lab.configure("publicIp", "true");
  });

  after(async () => {
    await lab.report();
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), []);
  });

  test("a refused create: the next up goes on; a security group whose answer was lost is there twice", async () => {
    await lab.misbehave({
      errorOnce: [{ action: "CreateSubnet", code: "InternalError.ModuleError" }],
      replyLost: ["CreateSecurityGroup"],
    });
    const { text } = await lab.pulumi("up, the subnet refused", up, { succeeds: false });
    assert.match(text, /InternalError\.ModuleError/);
    const [orphan, kept] = await lab.made("CreateSecurityGroup");
    assert.ok(orphan && kept);
    await byHand("vpc", "DeleteSecurityGroup", { SecurityGroupId: orphan });
  });

  test("an ENI whose answer was lost is adopted", async () => {
    // All at once, since it is chance which of the ENIs is the lost one: the EIP's binding waits for that of node a only.
    await lab.misbehave({ replyLost: ["CreateNetworkInterface", "AssociateAddress", "RunInstances"] });
    const running = lab.begin();
    // The provider asks again for five minutes: the address is in use, by the ENI that it knows nothing of.
    await poll("the address being in use", async () =>
      (await lab.ask<JournalEntry[]>("journal")).some(({ result }) => result === "ResourceInUse"),
    );
    await lab.misbehave({ errorOnce: [{ action: "CreateNetworkInterface", code: "LimitExceeded" }] });
    assert.notEqual(await running.ended, 0);
    const [ENI = ""] = await lab.made("CreateNetworkInterface");
    const [eni] = await enis("network-interface-id", ENI);
    const node = nodeOf(eni?.NetworkInterfaceName ?? "");
    // The binding's lost answer ends the runbook's own `up`, if it has not ended the one before. The provider asks at once
    // again: while the EIP is being bound, in the moment in which that ends, or after it.
    const bound = /AddressStatusNotPermit|MutexTaskRunning|eip status is illegal BIND_ENI/;
    await assert.rejects(runbook(2, { adopt: "ha-vip-eni-a", node, words: { ENI } }), bound);
  });

  test("so is the binding of an EIP", async () => {
    const [EIP = ""] = await lab.made("AllocateAddresses");
    await lab.misbehave({ replyLost: ["AttachNetworkInterface"] });
    const words = { EIP, ENI: await holder() };
    await assert.rejects(runbook(2, { adopt: "ha-vip-eip-binding", words }), /AttachmentAlreadyExists/);
  });

  test("and the attachment of an ENI: the pair is whole, and no machine is there twice", async () => {
    const journal = await lab.ask<JournalEntry[]>("journal");
    const lost = journal.find(({ action }) => action === "AttachNetworkInterface")?.request as Record<string, string>;
    const { NetworkInterfaceId: ENI = "", InstanceId: INS = "" } = lost;
    const node = nodeOf((await enis("network-interface-id", ENI))[0]?.NetworkInterfaceName ?? "");
    await runbook(2, { adopt: "ha-a-attachment", node, words: { ENI, INS } });
    await lab.assertAgreed();
    assert.equal(new Set(await lab.made("RunInstances")).size, 2);
  });

  test("Ctrl-C in the middle of a change: what has begun ends, and the next up goes on", async () => {
    await lab.configure("failoverSpeed", "normal");
    const running = lab.begin();
    await running.said(/-files-install updating/);
    assert.notEqual(await running.signal("SIGINT"), 0);
    assert.match(running.text(), /Resources:/, "the CLI has said its last word");
    await lab.pulumi("up after a Ctrl-C", up);
    await lab.whole();
  });

  test("a killed up leaves a lock and an EIP that Pulumi doesn't know", async () => {
    await lab.change("publicIp", "false");
    await lab.configure("publicIp", "true");
    const before_ = (await lab.made("AllocateAddresses")).length;
    const running = lab.begin();
    const orphan = await poll("the EIP being made", async () => (await lab.made("AllocateAddresses"))[before_]);
    await running.signal("SIGKILL");
    const { text } = await lab.pulumi("up after a kill", up, { succeeds: false });
    assert.match(text, /currently locked/);
    await runbook(3);
    await lab.assertAgreed();
    await byHand("vpc", "ReleaseAddresses", { AddressIds: [orphan] });
  });

  test("a node whose machine was terminated by hand is made anew", async () => {
    const { instanceId } = await standby();
    await byHand("cvm", "TerminateInstances", { InstanceIds: [instanceId] });
    await poll("the machine being gone", async () => {
      const { TotalCount } = await byHand("cvm", "DescribeInstances", { InstanceIds: [instanceId] });
      return TotalCount === 0;
    });
    await runbook(4);
    await lab.whole();
  });

  test("an ENI that was detached by hand is attached again", async () => {
    const node = await standby();
    await detach(node);
    await runbook(5);
    await lab.whole();
    assert.equal(await lab.failOver(), node.name, "keepalived hears on the NIC that is back");
    await lab.run("heal");
  });

  test("an EIP that was released by hand is replaced by a new one", async () => {
    const eip = (await lab.made("AllocateAddresses")).at(-1) ?? "";
    // The MASTER binds it again as soon as it sees; the release has to come first.
    await poll("the EIP being released", async () => {
      await byHand("vpc", "DisassociateAddress", { AddressId: eip }).catch(() => {});
      return byHand("vpc", "ReleaseAddresses", { AddressIds: [eip] }).catch(() => false);
    });
    await runbook(6);
    await lab.assertAgreed();
    assert.equal(await lab.answer("internet"), lab.master(await lab.converged()));
  });

  test("an EIP that was unbound by hand is bound again, by the MASTER or by Pulumi", async () => {
    const eip = (await lab.made("AllocateAddresses")).at(-1) ?? "";
    await byHand("vpc", "DisassociateAddress", { AddressId: eip });
    await lab.until((now) => now.vips[0]?.publicIp === null, "the EIP is off the VIP");
    await lab.until((now) => now.vips[0]?.publicIp !== null && now.converged, "the MASTER has bound it");
    await runbook(7);
    await lab.whole();
  });

  test("an ENI that was deleted by hand is made anew", async () => {
    const node = await standby();
    await deleteEni(node);
    await runbook(8, { node: node.name });
    await lab.assertAgreed();
  });

  test("so is the MASTER's, with the VIP on it", async () => {
    const status = await lab.whole();
    const [node, other] = status.nodes.toSorted((one) => (one.name === lab.master(status) ? -1 : 1));
    assert.ok(node && other);
    await deleteEni(node);
    await poll("the VIP being on the other ENI", async () => (await holder()) === other.eniId);
    await runbook(8, { node: node.name });
    await lab.assertAgreed();
    assert.equal(await lab.answer("internet"), other.name);
  });

  test("also when it was tried in the ordinary way before", async () => {
    const node = await standby();
    await deleteEni(node);
    const urn = await lab.urn(`ha-vip-eni-${node.name}`);
    const args = [...up, "--replace", urn];
    const { text } = await lab.pulumi("up --replace of an ENI that is gone", args, { succeeds: false });
    assert.match(text, crash);
    await runbook(8, { node: node.name });
    await lab.assertAgreed();
  });

  test("an ENI whose replacement failed half-way is made anew", async () => {
    const node = await standby();
    await lab.misbehave({ errorOnce: [{ action: "CreateNetworkInterface", code: "LimitExceeded" }] });
    const args = [...up, "--replace", await lab.urn(`ha-vip-eni-${node.name}`)];
    const { text } = await lab.pulumi("up --replace of an ENI, refused", args, { succeeds: false });
    assert.match(text, /LimitExceeded/);
    assert.match((await lab.pulumi("up after that", up, { succeeds: false })).text, crash);
    await runbook(9, { node: node.name });
    await lab.assertAgreed();
  });

  test("when everything was removed by hand, all is forgotten and made anew", async () => {
    const state = await lab.run("pulumi", "stack", "export");
    await lab.pulumi("destroy --refresh", ["destroy", "--refresh", "--yes"]);
    await lab.importState(state);
    await runbook(10, { words: { prod: lab.name } });
    await lab.assertAgreed();
  });

  test("and in the end nothing is left, and no forbidden call was ever made", async () => {
    await lab.pulumi("destroy --refresh", ["destroy", "--refresh", "--yes"]);
    assert.deepEqual(await lab.leftInCloud(), { notDeleted: [], forbidden: [] });
  });
});
