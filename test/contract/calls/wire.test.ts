/** What comes before any handler: the signature, the action, the shape of the request. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { actions } from "../../../lab/cloud/actions.ts";
import { services } from "../../../lab/cloud/wire/shape.ts";
import { cloudFor, type RawCall, raw, sdk } from "../support.ts";

const describeVpcs: RawCall = { service: "vpc", action: "DescribeVpcs", body: {} };

test("requests that are well signed but for one thing are refused with the cloud's code", async (t) => {
  const cloud = await cloudFor(t);
  const nowS = Math.floor(Date.now() / 1000);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const cases: [what: string, code: string, call: Partial<RawCall>][] = [
    ["no Authorization", "AuthFailure.InvalidAuthorization", { spoil: (headers) => delete headers.authorization }],
    [
      "another algorithm",
      "AuthFailure.InvalidAuthorization",
      {
        spoil: (headers) => {
          headers.authorization = `${headers.authorization}`.replace("TC3-HMAC-SHA256", "TC2-HMAC-SHA256");
        },
      },
    ],
    [
      "an unknown secret id",
      "AuthFailure.SecretIdNotFound",
      { key: { secretId: "AKIDnobody", secretKey: cloud.secretKey } },
    ],
    ["a wrong key", "AuthFailure.SignatureFailure", { key: { secretId: cloud.secretId, secretKey: "wrong" } }],
    [
      "a token where none belongs",
      "AuthFailure.TokenFailure",
      {
        spoil: (headers) => {
          headers["x-tc-token"] = "token";
        },
      },
    ],
    ["a time 6 minutes ago", "AuthFailure.SignatureExpire", { timestampS: nowS - 360 }],
    ["a time 6 minutes ahead", "AuthFailure.SignatureExpire", { timestampS: nowS + 360 }],
    ["a scope of another day", "AuthFailure.SignatureFailure", { scopeDate: yesterday }],
    ["a signed host that was not sent", "AuthFailure.SignatureFailure", { signedHost: "vpc.elsewhere.invalid" }],
    [
      "a signed header changed on the way",
      "AuthFailure.SignatureFailure",
      {
        sign: ["x-tc-action"],
        spoil: (headers) => {
          headers["x-tc-action"] = "DescribeSubnets";
        },
      },
    ],
    ["no timestamp", "MissingParameter", { spoil: (headers) => delete headers["x-tc-timestamp"] }],
    ["no action", "MissingParameter", { spoil: (headers) => delete headers["x-tc-action"] }],
    ["no version", "MissingParameter", { spoil: (headers) => delete headers["x-tc-version"] }],
    ["no region", "MissingParameter", { spoil: (headers) => delete headers["x-tc-region"] }],
    ["an unknown action", "InvalidAction", { action: "DescribeNothing" }],
    ["an action that this cloud does not play", "InvalidAction", { action: "CreateHaVip" }],
    ["a name of JavaScript's own as action", "InvalidAction", { action: "constructor" }],
    ["another service's action", "InvalidAction", { action: "DescribeInstances" }],
    ["an unknown version", "NoSuchVersion", { version: "2016-01-01" }],
    ["an unknown service", "NoSuchProduct", { scopeService: "cdb" }],
    ["another region", "UnsupportedRegion", { region: "ap-shanghai" }],
    ["GET", "UnsupportedProtocol", { method: "GET" }],
    ["a form as body", "UnsupportedProtocol", { contentType: "application/x-www-form-urlencoded" }],
    ["half a body", "InvalidParameter", { body: '{"VpcIds":' }],
    ["a list as body", "InvalidParameter", { body: "[]" }],
  ];
  for (const [what, code, call] of cases) {
    const answer = await raw(cloud, { ...describeVpcs, ...call });
    assert.equal(answer.status, 200, what);
    assert.equal(answer.headers["content-type"], "application/json", what);
    assert.equal(answer.body.Response.Error?.Code, code, what);
    assert.match(String(answer.body.Response.RequestId), /^[0-9a-f-]{36}$/, what);
  }
});

test("parameters that do not fit the API's description are refused by name", async (t) => {
  const cloud = await cloudFor(t);
  const cases: [body: object, code: string, message: string][] = [
    [
      { VpcName: "v", CidrBlock: "10.0.0.0/16", Colour: "red" },
      "UnknownParameter",
      "The parameter `Colour` is not recognized.",
    ],
    [{ CidrBlock: "10.0.0.0/16" }, "MissingParameter", "The request is missing a required parameter `VpcName`."],
    [
      { VpcName: 7, CidrBlock: "10.0.0.0/16" },
      "InvalidParameter",
      "The value type of parameter `VpcName` is not valid.",
    ],
    [
      { VpcName: "v", EnableRouteVpcPublish: "true" },
      "InvalidParameter",
      "The value type of parameter `EnableRouteVpcPublish` is not valid.",
    ],
    [{ VpcName: "v", CidrBlock: null }, "InvalidParameter", "The value type of parameter `CidrBlock` is not valid."],
    [{ VpcName: "v", Tags: { Key: "a" } }, "InvalidParameter", "The value type of parameter `Tags` is not valid."],
    [
      { VpcName: "v", Tags: [{ Key: "a", Val: "b" }] },
      "UnknownParameter",
      "The parameter `Tags.0.Val` is not recognized.",
    ],
    [
      { VpcName: "v", Tags: [{ Value: "b" }] },
      "MissingParameter",
      "The request is missing a required parameter `Tags.0.Key`.",
    ],
  ];
  for (const [body, code, message] of cases) {
    const answer = await raw(cloud, { service: "vpc", action: "CreateVpc", body: { ...body } });
    assert.deepEqual(answer.body.Response.Error, { Code: code, Message: message });
  }
  const answer = await raw(cloud, { service: "vpc", action: "DescribeNetworkInterfaces", body: { Limit: "20" } });
  assert.equal(answer.body.Response.Error?.Code, "InvalidParameter");
  assert.equal(cloud.model.vpcs.size, 0);
});

test("every way in which known clients sign the host is taken", async (t) => {
  const cloud = await cloudFor(t);
  const { port } = cloud;
  const cases: [what: string, call: Partial<RawCall>][] = [
    ["host with port", { host: `127.0.0.1:${port}` }],
    ["the Node SDK leaves the port out", { host: `vpc.lab.invalid:${port}`, signedHost: "vpc.lab.invalid" }],
    ["a node behind address translation", { host: "vpc.internal.tencentcloudapi.com" }],
    ["the provider with domain=@127.0.0.1:PORT", { host: "", signedHost: `vpc.@127.0.0.1:${port}` }],
    ["more headers signed", { sign: ["x-tc-action", "x-tc-region"] }],
    ["a charset in the Content-Type", { contentType: "application/json; charset=utf-8" }],
  ];
  for (const [what, call] of cases) {
    const answer = await raw(cloud, { ...describeVpcs, ...call });
    assert.deepEqual(answer.body.Response.VpcSet, [], `${what}: ${JSON.stringify(answer.body)}`);
  }
});

test("the description and the handlers name the same actions", () => {
  for (const [service, { actions: described }] of Object.entries(services)) {
    assert.deepEqual(Object.keys(actions[service] ?? {}).sort(), Object.keys(described).sort(), service);
  }
  assert.deepEqual(Object.keys(actions).sort(), Object.keys(services).sort());
});

test("the journal has every call, refused ones too, and no secret", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  await call("vpc", "DescribeVpcs");
  await raw(cloud, { ...describeVpcs, key: { secretId: cloud.secretId, secretKey: "wrong" } });
  await assert.rejects(
    call("cvm", "RunInstances", {
      LoginSettings: { Password: "hunter2hunter2" },
      UserData: "c2VjcmV0IHVzZXIgZGF0YQ==",
    }),
  );
  const journal = cloud.journal();
  assert.deepEqual(
    journal.map(({ action, caller, result }) => [action, caller, result]),
    [
      ["DescribeVpcs", "root", "ok"],
      ["DescribeVpcs", "unknown", "AuthFailure.SignatureFailure"],
      ["RunInstances", "root", "UnsupportedOperation"],
    ],
  );
  const text = JSON.stringify(journal);
  for (const secret of [cloud.secretKey, "hunter2", "c2VjcmV0", "Signature="])
    assert.ok(!text.includes(secret), secret);
});

test("a ClientToken makes one thing, however often it is sent", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const request = { AddressType: "EIP", AddressName: "one", ClientToken: "token-1" };
  const first = await call("vpc", "AllocateAddresses", request);
  const second = await call("vpc", "AllocateAddresses", request);
  assert.deepEqual(second.AddressSet, first.AddressSet);
  assert.equal(cloud.model.eips.size, 1);
  await assert.rejects(call("vpc", "AllocateAddresses", { ...request, AddressName: "two" }), {
    code: "UnsupportedOperation.IdempotentParameterMismatch",
  });
});
