/** Parameters: each is honoured or refused, none is taken and ignored. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { unplayed } from "../../../lab/cloud/wire/played.ts";
import { fieldType, services } from "../../../lab/cloud/wire/shape.ts";
import { eipOf, eni, makeEni, makeInstance, makeNetwork } from "../pair.ts";
import { cloudFor, type Json, list, refused, type Service, sdk } from "../support.ts";

/** Something of a field's type, with what it needs itself. */
function sample(service: Service, type: string): unknown {
  if (type === "bool") return true;
  if (/^(u?int64|float)$/.test(type)) return 7;
  return services[service]?.objects[type] ? needed(service, type) : "something";
}

const valueFor = (service: Service, object: string, field: string): unknown => {
  const type = fieldType(service, object, field);
  const value = sample(service, type?.base ?? "");
  return type?.list ? [value] : value;
};

const needed = (service: Service, object: string): Json =>
  Object.fromEntries(
    Object.keys(services[service]?.objects[object] ?? {})
      .filter((field) => fieldType(service, object, field)?.required)
      .map((field) => [field, valueFor(service, object, field)]),
  );

test("what this cloud does not play is refused by its name", async (t) => {
  const call = sdk(await cloudFor(t));
  let tried = 0;
  for (const [name, objects] of Object.entries(unplayed)) {
    const service = name as Service;
    for (const [object, fields] of Object.entries(objects)) {
      const known = services[service]?.objects[object];
      assert.ok(known, `${service} has no ${object}`);
      for (const [field, neutral] of Object.entries(fields)) {
        assert.ok(Object.hasOwn(known, field), `${object} has no ${field}`);
        const action = object.replace(/Request$/, "");
        if (neutral === "any" || action === object) continue;
        const body = { ...needed(service, object), [field]: valueFor(service, object, field) };
        if (Object.keys(body[field] as object).length === 0) continue;
        await assert.rejects(call(service, action, body), (error: Error & { code?: string }) => {
          assert.equal(error.code, "UnsupportedOperation", `${action} ${field}: ${error.message}`);
          assert.ok(error.message.includes(`\`${field}`), error.message);
          return true;
        });
        tried += 1;
      }
    }
  }
  assert.ok(tried > 40, `only ${tried} were tried`);
});

test("also deep in a request, but not with a value that changes nothing", async (t) => {
  const call = sdk(await cloudFor(t));
  const network = await makeNetwork(call);
  const run = (more: Json) => makeInstance(call, network, more);
  assert.equal(await refused(run({ InternetAccessible: { BandwidthPackageId: "bwp-1" } })), "UnsupportedOperation");
  assert.equal(await refused(run({ SystemDisk: { Encrypt: true } })), "UnsupportedOperation");
  assert.equal(await refused(run({ LoginSettings: { Password: "hunter2hunter2" } })), "UnsupportedOperation");
  await run({
    EnhancedService: { MonitorService: { Enabled: true } },
    Placement: { Zone: "ap-guangzhou-3", HostIds: [] },
    SystemDisk: { Encrypt: false },
    HostName: "",
  });
  const place = { VpcId: network.vpcId, SubnetId: network.subnetId, NetworkInterfaceName: "n" };
  await call("vpc", "CreateNetworkInterface", { ...place, TerminationProtection: false, Ipv6Addresses: [] });
  const guarded = call("vpc", "CreateNetworkInterface", { ...place, TerminationProtection: true });
  assert.equal(await refused(guarded), "UnsupportedOperation");
});

test("an address has the quality of service that it was given", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const id = await makeEni(call, await makeNetwork(call), ["10.1.1.11"]);
  const assign = (more: Json) => call("vpc", "AssignPrivateIpAddresses", { NetworkInterfaceId: id, ...more });
  const named = [{ PrivateIpAddress: "10.1.1.100", QosLevel: "AU" }];
  assert.equal(list((await assign({ PrivateIpAddresses: named })).PrivateIpAddressSet)[0]?.QosLevel, "AU");
  const levels = async () => list((await eni(call, id)).PrivateIpAddressSet).map(({ QosLevel }) => QosLevel);
  assert.deepEqual(await levels(), ["DEFAULT", "AU"]);
  await cloud.settled();
  const more = { SecondaryPrivateIpAddressCount: 1 };
  assert.equal(await refused(assign({ ...more, QosLevel: "GOLD" })), "InvalidParameterValue.Malformed");
  await assign({ ...more, QosLevel: "PT" });
  assert.deepEqual(await levels(), ["DEFAULT", "AU", "PT"]);
});

test("how traffic is charged is shown, and what is not sold is refused", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const allocate = (InternetChargeType?: string) => call("vpc", "AllocateAddresses", { InternetChargeType });
  const [id = ""] = (await allocate("BANDWIDTH_POSTPAID_BY_HOUR")).AddressSet as string[];
  assert.equal((await eipOf(call, id))?.InternetChargeType, "BANDWIDTH_POSTPAID_BY_HOUR");
  assert.equal(await refused(allocate("BANDWIDTH_PACKAGE")), "InvalidParameterValue.BandwidthPackageNotFound");
  assert.equal(await refused(allocate("BANDWIDTH_PREPAID_BY_MONTH")), "InvalidParameterValue.Combination");
  for (const type of ["FREE", "constructor"]) {
    assert.equal(await refused(allocate(type)), "InvalidParameterValue.Range", type);
  }
  await cloud.settled();
  const change = (InternetChargeType: string) =>
    call("vpc", "ModifyAddressInternetChargeType", { AddressId: id, InternetChargeType, InternetMaxBandwidthOut: 5 });
  assert.equal(await refused(change("FREE")), "UnsupportedOperation.InvalidAddressInternetChargeType");
  await change("TRAFFIC_POSTPAID_BY_HOUR");
  assert.equal((await eipOf(call, id))?.InternetChargeType, "TRAFFIC_POSTPAID_BY_HOUR");
  const network = await makeNetwork(call);
  const accessible = (InternetChargeType: string) =>
    makeInstance(call, network, { InternetAccessible: { InternetChargeType, InternetMaxBandwidthOut: 5 } });
  const machine = await accessible("BANDWIDTH_POSTPAID_BY_HOUR");
  const found = await call("cvm", "DescribeInstances", { InstanceIds: [machine] });
  const shown = list(found.InstanceSet)[0]?.InternetAccessible as Json;
  assert.equal(shown.InternetChargeType, "BANDWIDTH_POSTPAID_BY_HOUR");
  assert.equal(await refused(accessible("FREE")), "InvalidParameterValue");
});
