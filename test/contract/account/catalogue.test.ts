/** What the cloud sells: images by their names and ids, and how many ENIs and addresses each size of machine takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../../lab/engine/client.ts";
import { lookUp } from "../../../lab/engine/resources/table.ts";
import { attach, makeEni, makeInstance, makeNetwork } from "../pair.ts";
import { cloudFor, list, raw, refused, sdk } from "../support.ts";

test("images have the names and ids that CVM lists, in the caller's language", async (t) => {
  const cloud = await cloudFor(t);
  const named = async (language?: string) => {
    const spoken = (headers: Record<string, string>) => {
      if (language) headers["x-tc-language"] = language;
    };
    const call = { service: "cvm", action: "DescribeImages", body: { Limit: 100 }, spoil: spoken } as const;
    const images = list((await raw(cloud, call)).body.Response.ImageSet);
    for (const { OsName, ImageName } of images) assert.equal(OsName, ImageName);
    return Object.fromEntries(images.map(({ ImageId, OsName }) => [ImageId, OsName]));
  };
  const chinese = await named();
  assert.equal(chinese["img-487zeit5"], "Ubuntu Server 22.04 LTS 64位");
  assert.equal(chinese["img-7rqxtnh9"], "TencentOS Server 3.3 (TK4)");
  assert.deepEqual(await named("zh-CN"), chinese);
  const english = await named("en-US");
  assert.equal(english["img-487zeit5"], "Ubuntu Server 22.04 LTS 64bit");
  assert.equal(english["img-pi0ii46r"], "Ubuntu Server 18.04.1 LTS 64bit");
  assert.equal(english["img-6n21msk1"], "TencentOS Server 4 for x86_64");
});

test("the engine finds an image as the provider does: any part of its name in any case, the newest first", async (t) => {
  const cloud = await cloudFor(t);
  const tools = { call: connect(cloud), progress: () => {}, sshKeyFile: "" };
  const found = async (osName: string) => {
    const asked = { imageTypes: ["PUBLIC_IMAGE"], osName, instanceType: "S5.MEDIUM2" };
    const { images } = await lookUp("tencentcloud:index/getImages:getImages", asked, tools);
    return list(images).map(({ imageId }) => imageId);
  };
  assert.deepEqual(await found("TencentOS Server 3.3 (TK4)"), ["img-7rqxtnh9"]);
  assert.deepEqual(await found("ubuntu server 2"), ["img-u22ef1k8", "img-mmytdhbn", "img-487zeit5", "img-22trbn9x"]);
  assert.deepEqual(await found("Debian 11"), ["img-btz2mndd", "img-4cmp1f33"]);
  assert.deepEqual(await found("Plan 9"), []);
});

test("a machine takes as many ENIs, and an ENI as many addresses, as Tencent's table says for its cores", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  const limits = async (InstanceType: string) => {
    const InstanceId = await makeInstance(call, network, { InstanceType });
    const limit = await call("vpc", "DescribeNetworkInterfaceLimit", { InstanceId });
    return { InstanceId, limit: [limit.EniQuantity, limit.EniPrivateIpAddressQuantity] };
  };
  assert.deepEqual((await limits("S5.SMALL1")).limit, [2, 6]);
  assert.deepEqual((await limits("S5.LARGE16")).limit, [4, 10]);
  assert.deepEqual((await limits("SA2.2XLARGE16")).limit, [6, 20]);
  assert.deepEqual((await limits("S5.4XLARGE32")).limit, [8, 30]);
  const { InstanceId, limit } = await limits("S5.MEDIUM2");
  assert.deepEqual(limit, [4, 10]);
  for (const last of [21, 22, 23]) await attach(call, await makeEni(call, network, [`10.1.1.${last}`]), InstanceId);
  const oneMore = await makeEni(call, network, ["10.1.1.24"]);
  const request = { NetworkInterfaceId: oneMore, InstanceId };
  assert.equal(await refused(call("vpc", "AttachNetworkInterface", request)), "LimitExceeded");
});
