/** Refusals have codes that the vendor lists for the action: any other, in any test, is an error inside the cloud. */
import assert from "node:assert/strict";
import { test } from "node:test";
import codes from "../../../lab/cloud/wire/errorCodes.json" with { type: "json" };
import { exceptions, isListed } from "../../../lab/cloud/wire/errorCodes.ts";
import { services } from "../../../lab/cloud/wire/shape.ts";
import { assertRefused, badTags } from "../codes.ts";
import { makeEni, makeNetwork } from "../pair.ts";
import { cloudFor, type Json, refused, sdk } from "../support.ts";

const trust = JSON.stringify({
  version: "2.0",
  statement: [{ effect: "allow", action: ["name/sts:AssumeRole"], principal: { service: ["cvm.qcloud.com"] } }],
});
const policy = JSON.stringify({ version: "2.0", statement: [{ effect: "allow", action: ["vpc:*"], resource: ["*"] }] });

test("the vendor's list has the actions of the description, and no exception is listed after all", () => {
  const actions = (of: Record<string, object>) => Object.entries(of).map(([name, list]) => [name, Object.keys(list)]);
  const described = Object.entries(services).map(([name, service]) => [name, service.actions] as const);
  assert.deepEqual(actions(codes), actions(Object.fromEntries(described)));
  const listed = Object.values(codes).flatMap((service) => Object.entries(service as Record<string, string[]>));
  for (const { action, code } of exceptions) {
    assert.equal(listed.find(([name]) => name === action)?.[1].includes(code), false, `${action} ${code}`);
  }
});

test("a switch may ask for a code that is not listed", async (t) => {
  const cloud = await cloudFor(t);
  cloud.faults.set({ occupiedCode: "ResourceUnavailable" });
  const call = sdk(cloud);
  const network = await makeNetwork(call);
  await makeEni(call, network, ["10.1.1.11"]);
  assert.equal(isListed("vpc", "CreateNetworkInterface", "ResourceUnavailable"), false);
  assert.equal(await refused(makeEni(call, network, ["10.1.1.11"])), "ResourceUnavailable");
});

test("codes of the cam, sts and tag APIs", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const { RoleId } = await call("cam", "CreateRole", { RoleName: "r", PolicyDocument: trust });
  const { PolicyId } = await call("cam", "CreatePolicy", { PolicyName: "p", PolicyDocument: policy });
  const role = (more: Json) => ({ RoleName: "s", PolicyDocument: trust, ...more });
  const resource = (name: string, more: Json = { DeleteTags: [{ TagKey: "k" }] }) => ({ Resource: name, ...more });
  const own = `qcs::cam::uin/:role/${String(RoleId)}`;
  const replace = (tags: { Key: string; Value: string }[]) => ({
    ReplaceTags: tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })),
  });
  await assertRefused(call, [
    ["cam", "CreateRole", role({ PolicyDocument: "{" }), "InvalidParameter.ParamError"],
    ["cam", "CreateRole", role({ Tags: badTags.key }), "InvalidParameter.TagParamError"],
    ["cam", "CreateRole", role({ Tags: badTags.many }), "InvalidParameter.TagLimitExceeded"],
    [
      "cam",
      "CreatePolicy",
      { PolicyName: "q", PolicyDocument: policy, Tags: badTags.key },
      "InvalidParameter.ParamError",
    ],
    ["cam", "CreatePolicy", { PolicyName: "q", PolicyDocument: "{" }, "InvalidParameter.PolicyDocumentError"],
    ["cam", "AttachRolePolicy", { AttachRoleName: "r", PolicyId: 1 }, "InvalidParameter.PolicyIdNotExist"],
    ["cam", "DetachRolePolicy", { DetachRoleName: "r", PolicyId }, "InvalidParameter.PolicyIdNotExist"],
    ["cam", "ListAttachedRolePolicies", { RoleName: "s", Page: 1, Rp: 20 }, "InvalidParameter.RoleNotExist"],
    ["cam", "DeletePolicy", { PolicyId: [1] }, "ResourceNotFound.PolicyIdNotFound"],
    ["sts", "GetFederationToken", { Name: "n", Policy: "{" }, "InvalidParameter.StrategyFormatError"],
    [
      "sts",
      "GetFederationToken",
      { Name: "n", Policy: policy, DurationSeconds: 7201 },
      "InvalidParameter.OverTimeError",
    ],
    ["tag", "ModifyResourceTags", resource("role/1"), "InvalidParameterValue.ResourceDescriptionError"],
    [
      "tag",
      "ModifyResourceTags",
      resource("qcs::cos::uin/:bucket/1"),
      "InvalidParameterValue.ResourceDescriptionError",
    ],
    ["tag", "ModifyResourceTags", resource("qcs::cam::uin/1:role/1"), "InvalidParameterValue.ResourceDescriptionError"],
    ["tag", "ModifyResourceTags", resource("qcs::cam::uin/:role/1"), "FailedOperation"],
    ["tag", "ModifyResourceTags", resource(own, {}), "InvalidParameter.Tag"],
    ["tag", "ModifyResourceTags", resource(own, replace(badTags.key)), "InvalidParameterValue.TagKeyLengthExceeded"],
    [
      "tag",
      "ModifyResourceTags",
      resource(own, replace(badTags.illegalKey)),
      "InvalidParameterValue.TagKeyCharacterIllegal",
    ],
    ["tag", "ModifyResourceTags", resource(own, replace(badTags.reserved)), "InvalidParameter.ReservedTagKey"],
    [
      "tag",
      "ModifyResourceTags",
      resource(own, replace(badTags.illegalValue)),
      "InvalidParameterValue.TagValueCharacterIllegal",
    ],
    [
      "tag",
      "ModifyResourceTags",
      resource(own, replace(badTags.value)),
      "InvalidParameterValue.TagValueLengthExceeded",
    ],
  ]);
  for (let first = 0; first < 50; first += 10) {
    await call("tag", "ModifyResourceTags", resource(own, replace(badTags.many.slice(first, first + 10))));
  }
  await assertRefused(call, [
    ["tag", "ModifyResourceTags", resource(own, replace(badTags.many.slice(50))), "LimitExceeded.ResourceAttachedTags"],
  ]);
  const { List } = await call("cam", "ListPolicies", {});
  assert.equal((List as Json[]).length, 1, "nothing is left of a policy that was refused");
  const mayAsk = encodeURIComponent(policy.replace("vpc:*", "sts:*"));
  const { Credentials } = await call("sts", "GetFederationToken", { Name: "n", Policy: mayAsk });
  const { TmpSecretId, TmpSecretKey, Token } = Credentials as Record<string, string>;
  const temporary = sdk(cloud, { secretId: TmpSecretId ?? "", secretKey: TmpSecretKey ?? "", token: Token });
  await assertRefused(temporary, [
    ["sts", "GetFederationToken", { Name: "n", Policy: mayAsk }, "UnauthorizedOperation"],
  ]);
});
