/** What new machines are made of: refused before anything is asked for, in one sentence with what is nearest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Given } from "../../support/mocks.ts";
import { beforeFailover, getImages, getInstances, getInstanceTypes, offer, run } from "./stack.ts";

type Calls = NonNullable<Given["calls"]>;

/** The problem of a run that must fail, which has asked for no resource but its own name. */
async function refusal(changes: Record<string, string>, calls: Calls, more: Partial<Given> = {}): Promise<string> {
  const resources: string[] = [];
  const message = await run(changes, {
    ...more,
    calls: { ...more.calls, ...calls },
    seen: ({ name, custom }) => void (custom && resources.push(name)),
  }).then(
    () => assert.fail("the program accepted this"),
    (error: Error) => error.message,
  );
  assert.deepEqual(resources, ["ha-name"]);
  const [, problem] =
    /^The configuration has 1 problem with what is there; nothing was changed\.\n {2}(.*)\n.*$/.exec(message) ?? [];
  return problem ?? assert.fail(message);
}

const price = (unitPriceDiscount: number) => ({ prices: [{ unitPriceDiscount }] });
const soldOut = { status: "SOLD_OUT", statusCategory: "WithoutStock" };
const market = [
  offer("S5.MEDIUM2", { ...soldOut, ...price(0.2) }),
  offer("S6.MEDIUM2", { ...soldOut, ...price(0.2) }),
  offer("SA5.MEDIUM8", { memorySize: 8, ...price(0.5) }),
  offer("SA5.MEDIUM2", price(0.18)),
  offer("S8.MEDIUM2", { statusCategory: "WithoutStock", ...price(0.2) }),
  offer("SA5.MEDIUM4", { memorySize: 4, ...price(0.3) }),
  offer("S7.MEDIUM2", price(0.4)),
  offer("GN7.MEDIUM2", { gpuCoreCount: 1, ...price(0.2) }),
  offer("SA5.LARGE8", { cpuCoreCount: 4, memorySize: 8, ...price(0.2) }),
];
const sells = (instanceTypes: object[]): Calls => ({ [getInstanceTypes]: () => ({ instanceTypes }) });
const images = (osNames: string[], more: object = {}): Calls => ({
  [getImages]: ({ osName }) => ({
    images: osNames
      .filter((name) => osName === undefined || name.toLowerCase().includes(String(osName).toLowerCase()))
      .map((name) => ({ imageId: `img-${osNames.indexOf(name)}`, osName: name, architecture: "x86_64", ...more })),
  }),
});

test("a type that is sold out is refused with those in stock that have its cores, nearest in price first", async () => {
  assert.equal(
    await refusal({}, sells(market)),
    'instanceType: "S5.MEDIUM2" is sold out in ap-guangzhou-3; in stock there, with 2 cores, nearest in price first: ' +
      "SA5.MEDIUM2, SA5.MEDIUM4, S7.MEDIUM2; or another zone",
  );
  assert.match(await refusal({}, sells([market[0] ?? {}])), /; and nothing like it is in stock; or another zone$/);
});

test("a type that is not sold at all is refused with those in stock that have a name like it", async () => {
  assert.equal(
    await refusal({ instanceType: "SA5.MEDUIM2" }, sells(market)),
    'instanceType: "SA5.MEDUIM2" is not sold in ap-guangzhou-3; in stock there, nearest in name first: SA5.MEDIUM2, ' +
      "SA5.MEDIUM8, SA5.MEDIUM4; or another zone",
  );
});

test("a zone in which nothing is sold is named as what is wrong", async () => {
  assert.equal(
    await refusal({ zone: "ap-guangzhou-99" }, sells([])),
    'zone: no instance type is on sale in "ap-guangzhou-99"; allowed: a zone of the region',
  );
});

test("the stock is asked for in the zone, and by the hour", async () => {
  const r = await run();
  const asked = r.calls.filter(({ token }) => token === getInstanceTypes).map(({ inputs }) => inputs);
  const filters = [
    { name: "zone", values: ["ap-guangzhou-3"] },
    { name: "instance-charge-type", values: ["POSTPAID_BY_HOUR"] },
  ];
  assert.deepEqual(asked, [{ filters }]);
});

test("a running pair is asked for no stock, unless it changes its type", async () => {
  const gone: Calls = { [getInstanceTypes]: () => assert.fail("the stock was asked for") };
  await run({}, { ...beforeFailover, calls: { ...beforeFailover.calls, ...gone } });
  const message = await refusal({ instanceType: "S6.MEDIUM2" }, sells(market), beforeFailover);
  assert.match(message, /^instanceType: "S6\.MEDIUM2" is sold out/);
});

test("an image name that no image has is refused with the names that are nearest", async () => {
  const names = [
    "Ubuntu Server 24.04 LTS 64位",
    "Debian 12.0 64位",
    "Debian 11.4 64位",
    "TencentOS Server 4",
    "CentOS 9",
  ];
  const message = await refusal({ imageName: "Debian 14" }, images(names));
  assert.equal(
    message,
    'imageName: no public image for S5.MEDIUM2 has "Debian 14" in its name; nearest: Debian 12.0 64位, Debian 11.4 64位, ' +
      "CentOS 9, TencentOS Server 4; allowed: part of an image name as the console shows it, or imageId",
  );
});

test("an image that boots otherwise or is for other processors is taken only when it is asked for", async () => {
  const names = ["Ubuntu Server 22.04 LTS 64位 UEFI 版", "Ubuntu Server 22.04 LTS 64位", "Ubuntu Server 23 arm64"];
  const imageOf = async (imageName: string) =>
    (await run({ imageName }, { calls: images(names) })).one("Instance", "ha-a-instance").inputs.imageId;
  assert.equal(await imageOf("Ubuntu Server 22.04"), "img-1");
  assert.equal(await imageOf("22.04 LTS 64位 UEFI"), "img-0");
  const message = await refusal({ imageName: "Ubuntu Server 23" }, images(names));
  assert.match(
    message,
    /^imageName: images with "Ubuntu Server 23" .* that has to be named; nearest: Ubuntu Server 23 arm64;/,
  );
  // Where the cloud lists nothing else for the type, they are what is meant.
  const arm = await run({}, { calls: images(["Debian 12 64位"], { architecture: "arm64" }) });
  assert.equal(arm.one("Instance", "ha-a-instance").inputs.imageId, "img-0");
});

test("an image by its id is looked up where a machine will be made of it", async () => {
  const message = await refusal({ imageId: "img-mine" }, { [getImages]: () => ({ images: [] }) });
  assert.match(message, /^imageId: there is no image "img-mine" in this region and account; allowed: .*$/);
  const named = await run({ imageId: "img-mine" });
  for (const instance of named.all("Instance")) assert.equal(instance.inputs.imageId, "img-mine");
});

test("a running pair does without an image that has gone since", async () => {
  const of = (more: object): Calls => ({
    [getInstances]: ({ instanceId }) => ({ instanceLists: [{ instanceId, instanceType: "S5.MEDIUM2", ...more }] }),
    [getImages]: () => ({ images: [] }),
  });
  const over = (calls: Calls) => ({ ...beforeFailover, calls: { ...beforeFailover.calls, ...calls } });
  const byName = await run({}, over(of({ imageId: "img-old", osName: "Debian 12.0 64位" })));
  assert.equal(byName.one("Instance", "ha-a-instance").inputs.imageId, "img-old");
  await run({ imageId: "img-old" }, over(of({ imageId: "img-old" })));
  const changed = await refusal(
    { imageName: "Plan 9" },
    of({ imageId: "img-old", osName: "Debian 12.0" }),
    beforeFailover,
  );
  assert.match(changed, /^imageName: no public image/);
});
