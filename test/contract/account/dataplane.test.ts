/** What the data plane is told, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dataplane, type NetworkView, nullDataplane } from "../../../lab/dataplane.ts";
import { attach, instance, makeEni, makeInstance, makeNetwork, makePair, taskDone, vip } from "../pair.ts";
import { cloudFor, sdk, until } from "../support.ts";
import { HeldClock } from "../virtualClock.ts";

/** Remembers what it was told; applies take a moment, so that overlapping ones would be seen. */
function recorder() {
  const seen = { applied: [] as NetworkView[][], events: [] as string[], overlaps: 0 };
  let busy = 0;
  const plane: Dataplane = {
    apply: async (networks) => {
      busy += 1;
      if (busy > 1) seen.overlaps += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.applied.push(structuredClone(networks));
      busy -= 1;
    },
    startMachine: async ({ instanceId }) => {
      const ports = seen.applied.at(-1)?.flatMap((network) => network.ports) ?? [];
      const ready = ports.some((port) => port.instanceId === instanceId && port.deviceIndex === 0);
      seen.events.push(`start ${ready ? "with" : "without"} its port`);
    },
    stopMachine: async (_id, how) => {
      seen.events.push(`stop ${how}`);
    },
    destroyMachine: async () => {
      seen.events.push("destroy");
    },
  };
  return { seen, plane };
}

test("applies never overlap; a machine boots when its port is there; a migration shows when it is over", async (t) => {
  const { seen, plane } = recorder();
  const clock = new HeldClock();
  const cloud = await cloudFor(t, { clock, dataplane: plane });
  const call = sdk(cloud);
  const pair = await makePair(call);
  const [a, b] = pair.enis;
  assert.deepEqual(seen.events, ["start with its port", "start with its port"]);
  const addresses = (eniId: string) =>
    seen.applied
      .at(-1)
      ?.flatMap(({ ports }) => ports)
      .find((port) => port.eniId === eniId)?.addresses;
  assert.deepEqual(addresses(a)?.sort(), ["10.1.1.100", "10.1.1.11"]);

  const request = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b, PrivateIpAddress: vip };
  clock.hold();
  const started = await call("vpc", "MigratePrivateIpAddress", request);
  assert.ok(
    cloud
      .networks()[0]
      ?.ports.find((port) => port.eniId === a)
      ?.addresses.includes(vip),
    "the old ENI still serves",
  );
  clock.release();
  await taskDone(call, started);
  assert.deepEqual(addresses(a), ["10.1.1.11"]);
  assert.deepEqual(addresses(b)?.sort(), ["10.1.1.100", "10.1.1.12"]);

  await call("cvm", "TerminateInstances", { InstanceIds: pair.instances });
  await cloud.settled();
  assert.deepEqual(seen.events.slice(2), ["destroy", "destroy"]);
  assert.deepEqual(
    seen.applied.at(-1)?.flatMap(({ ports }) => ports),
    [],
    "no machine, no port",
  );
  assert.equal(cloud.model.enis.size, 2, "the ENIs outlive their machines");
  assert.equal(seen.overlaps, 0);
});

test("what the views say: ports, rules, gateway, public addresses", async (t) => {
  const { seen, plane } = recorder();
  const cloud = await cloudFor(t, { dataplane: plane, publicCidr: "203.0.113.32/27" });
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const internet = { InternetAccessible: { PublicIpAssigned: true, InternetMaxBandwidthOut: 5 } };
  const id = await makeInstance(call, network, internet);
  const eniId = await makeEni(call, network, ["10.1.1.11", vip]);
  await attach(call, eniId, id);
  const [view] = seen.applied.at(-1) ?? [];
  assert.deepEqual(view?.subnets, [{ subnetId: network.subnetId, cidr: "10.1.1.0/24", gateway: "10.1.1.1" }]);
  assert.deepEqual(view?.publicAddresses, [{ publicIp: "203.0.113.34", privateIp: "10.1.1.2" }]);
  const [primary, second] = [...(view?.ports ?? [])].sort((one, other) => one.deviceIndex - other.deviceIndex);
  assert.deepEqual(
    { ...second, mac: "" },
    {
      eniId,
      subnetId: network.subnetId,
      instanceId: id,
      deviceIndex: 1,
      mac: "",
      primaryAddress: "10.1.1.11",
      addresses: ["10.1.1.11", vip],
      ingress: [{ protocol: "ALL", port: "ALL", cidr: "10.1.1.11/32", action: "ACCEPT" }],
      egress: [{ protocol: "ALL", port: "ALL", cidr: "0.0.0.0/0", action: "ACCEPT" }],
    },
  );
  assert.match(String(primary?.mac), /^20:90:6F(:[0-9A-F]{2}){3}$/);
  assert.notEqual(primary?.mac, second?.mac);
});

test("a migration does not wait for a machine that boots", async (t) => {
  let finish = () => {};
  let slow = false;
  const startMachine = () => (slow ? new Promise<void>((resolve) => (finish = resolve)) : Promise.resolve());
  const cloud = await cloudFor(t, { dataplane: { ...nullDataplane, startMachine } });
  const call = sdk(cloud);
  const pair = await makePair(call);
  slow = true;
  const { InstanceIdSet } = await call("cvm", "RunInstances", {
    Placement: { Zone: "ap-guangzhou-3" },
    ImageId: "img-pi0ii46r",
    VirtualPrivateCloud: { VpcId: pair.vpcId, SubnetId: pair.subnetId },
  });
  const [a, b] = pair.enis;
  const request = { SourceNetworkInterfaceId: a, DestinationNetworkInterfaceId: b, PrivateIpAddress: vip };
  assert.equal(await taskDone(call, await call("vpc", "MigratePrivateIpAddress", request)), "SUCCESS");
  const [booting] = InstanceIdSet as [string];
  assert.equal((await instance(call, booting))?.InstanceState, "PENDING");
  finish();
  await until("RUNNING", async () => (await instance(call, booting))?.InstanceState === "RUNNING");
});

test("a machine that cannot be started is LAUNCH_FAILED and can be terminated", async (t) => {
  const told: unknown[] = [];
  const startMachine = () => Promise.reject(new Error("no room"));
  const cloud = await cloudFor(t, {
    dataplane: { ...nullDataplane, startMachine },
    onError: (error) => told.push(error),
  });
  const call = sdk(cloud);
  const { vpcId, subnetId } = await makeNetwork(call);
  const { InstanceIdSet } = await call("cvm", "RunInstances", {
    Placement: { Zone: "ap-guangzhou-3" },
    ImageId: "img-pi0ii46r",
    VirtualPrivateCloud: { VpcId: vpcId, SubnetId: subnetId },
  });
  const [id] = InstanceIdSet as [string];
  const failed = await until("LAUNCH_FAILED", async () => {
    const seen = await instance(call, id);
    return seen?.InstanceState === "LAUNCH_FAILED" && seen;
  });
  assert.equal(failed.LatestOperationState, "FAILED");
  assert.match(String(failed.LatestOperationErrorMsg), /no room/);
  assert.equal(told.length, 1);
  await call("cvm", "TerminateInstances", { InstanceIds: [id] });
  await cloud.settled();
  assert.equal(cloud.model.enis.size, 0);
});
