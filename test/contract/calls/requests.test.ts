/** Requests as they come: by GET, in any order of keys, too deep, too large, broken off. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import * as tencent from "tencentcloud-sdk-nodejs";
import { makeEni, makeNetwork, vip } from "../pair.ts";
import { cloudFor, type Json, list, raw, refused, sdk } from "../support.ts";

test("a GET request says the same as a POST", async (t) => {
  const cloud = await cloudFor(t);
  const network = await makeNetwork(sdk(cloud));
  await makeEni(sdk(cloud), network, ["10.1.1.11", vip]);
  const eni = await makeEni(sdk(cloud), network, ["10.1.1.12"]);
  const agent = new Agent({
    lookup: (_host, options, done) =>
      options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4),
  });
  const endpoint = `vpc.lab.invalid:${cloud.port}`;
  const client = new tencent.vpc.v20170312.Client({
    credential: cloud,
    region: cloud.region,
    profile: { httpProfile: { protocol: "http://", reqMethod: "GET", endpoint, agent } },
  });
  const get = (action: string, request: Json) => client.request(action, request as never) as Promise<Json>;
  const Filters = [
    { Name: "vpc-id", Values: ["vpc-00000000", network.vpcId] },
    { Name: "network-interface-id", Values: [eni] },
  ];
  const found = await get("DescribeNetworkInterfaces", { Filters, Limit: 10, Offset: 0 });
  assert.deepEqual(
    list(found.NetworkInterfaceSet).map(({ NetworkInterfaceId }) => NetworkInterfaceId),
    [eni],
  );
  const vpc = (await get("CreateVpc", { VpcName: "a & b", CidrBlock: "10.2.0.0/16", EnableRouteVpcPublish: true })).Vpc;
  assert.deepEqual([(vpc as Json).VpcName, (vpc as Json).EnableRouteVpcPublish], ["a & b", true]);
  assert.equal(await refused(get("CreateVpc", { VpcName: "v", Colour: "red" })), "UnknownParameter");
  assert.equal(await refused(get("DescribeNetworkInterfaces", { Limit: "many" })), "InvalidParameter");
  assert.equal(cloud.journal().at(-1)?.result, "InvalidParameter");
});

test("a ClientToken names the same wish in whatever order its keys are written", async (t) => {
  const cloud = await cloudFor(t);
  const send = async (body: string) => {
    const { Response } = (await raw(cloud, { service: "vpc", action: "AllocateAddresses", body })).body;
    return Response.Error?.Code ?? Response.AddressSet;
  };
  const first = await send('{"ClientToken":"t","AddressName":"a","Tags":[{"Key":"k","Value":"v"}]}');
  assert.deepEqual(await send('{"Tags":[{"Value":"v","Key":"k"}],"AddressName":"a","ClientToken":"t"}'), first);
  const another = '{"Tags":[{"Value":"w","Key":"k"}],"AddressName":"a","ClientToken":"t"}';
  assert.match(String(await send(another)), /IdempotentParameterMismatch$/);
  assert.equal(cloud.model.eips.size, 1);
});

test("a body that is nested without end is refused", async (t) => {
  const cloud = await cloudFor(t);
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const) {
    const body = `{"VpcName":${open.repeat(200_000)}1${close.repeat(200_000)}}`;
    const answer = await raw(cloud, { service: "vpc", action: "CreateVpc", body });
    assert.equal(answer.body.Response.Error?.Code, "InvalidParameter");
  }
});

test("of a refused body, however large, little is kept", async (t) => {
  const cloud = await cloudFor(t);
  const large = "x".repeat(3 << 20);
  const bodies: Json[] = [{ VpcName: "v", Colour: large }, { VpcName: large }, { VpcName: [large] }];
  for (const body of bodies) await raw(cloud, { service: "vpc", action: "CreateVpc", body });
  const text = JSON.stringify(cloud.journal());
  assert.ok(text.length < 10_000, `${text.length} characters`);
  assert.match(text, /"\(not kept\)":"31\d{5} bytes"/);
  await sdk(cloud)("vpc", "DescribeVpcs", { VpcIds: ["vpc-00000000"] });
  assert.deepEqual(cloud.journal().at(-1)?.request, { VpcIds: ["vpc-00000000"] });
});

test("a body that is broken off is nobody's trouble", async (t) => {
  const cloud = await cloudFor(t);
  for (const text of ["Content-Length: 1000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\nff\r\n{"]) {
    const socket = connect(cloud.port, "127.0.0.1");
    await new Promise((sent) => socket.write(`POST / HTTP/1.1\r\nHost: vpc.lab.invalid\r\n${text}`, sent));
    socket.resetAndDestroy();
    await once(socket, "close");
  }
  assert.deepEqual((await sdk(cloud)("vpc", "DescribeVpcs")).VpcSet, []);
});
