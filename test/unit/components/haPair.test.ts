import assert from "node:assert/strict";
import { test } from "node:test";
import { key } from "../given.ts";
import {
  afterFailover,
  assertOptions,
  beforeFailover,
  filesOf,
  foundations,
  getEnis,
  made,
  pair,
  run,
} from "./stack.ts";

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

test("with keepConnections the machine with the VIP waits for the connections that it then keeps, nobody else does", async () => {
  const r = await run({ keepConnections: "10m" }, beforeFailover);
  const take = "/etc/keepalived/vip.py take";
  assert.equal(r.one("Command", "ha-a-handover").inputs.create, `${take} && /etc/keepalived/vip.py carried --wait`);
  assert.equal(r.one("Command", "ha-b-handover").inputs.create, ":");
});

test("where the VIP's ENI is on no machine yet, the other node may take it, and nothing insists on that", async () => {
  const r = await run(
    {},
    {
      made,
      calls: {
        [getEnis]: () => ({
          enis: [
            { name: `${pair}-a`, ipv4s: [{ ip: "10.0.1.100" }] },
            { name: `${pair}-b`, instanceId: "ins-b" },
          ],
        }),
      },
    },
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
