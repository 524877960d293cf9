import assert from "node:assert/strict";
import { test } from "node:test";
import { callsPerSecond } from "../../../lab/cloud/wire/rates.ts";
import { services } from "../../../lab/cloud/wire/shape.ts";
import { connect } from "../../../lab/engine/client.ts";
import { cloudFor, raw, type Service } from "../support.ts";
import { VirtualClock } from "../virtualClock.ts";

test("an action is refused once it was called as often as Tencent allows in a second, and no other is", async (t) => {
  const clock = new VirtualClock(Date.now());
  const cloud = await cloudFor(t, { clock, rateLimits: true });
  const code = async (action: string, body: Record<string, unknown>, service: Service = "vpc") => {
    const timestampS = Math.floor(clock.now() / 1000);
    return (await raw(cloud, { service, action, body, timestampS })).body.Response.Error?.Code ?? "ok";
  };
  /** How many of so many calls in no time were not one too many. */
  const passed = async (count: number, ...call: Parameters<typeof code>) => {
    const codes = [];
    for (let n = 0; n < count; n += 1) codes.push(await code(...call));
    return codes.filter((one) => one !== "RequestLimitExceeded").length;
  };
  assert.equal(await passed(60, "DescribeVpcTaskResult", { TaskId: "x" }), 20);
  assert.equal(await passed(30, "ReleaseAddresses", { AddressIds: ["eip-00000000"] }), 10);
  assert.equal(await passed(5, "CreateRole", { RoleName: "r", PolicyDocument: "{}" }, "cam"), 2);
  assert.equal(await passed(5, "DescribeVpcs", {}), 5);
  await clock.advanceTo(clock.now() + 999);
  assert.equal(await passed(1, "DescribeVpcTaskResult", { TaskId: "x" }), 0, "the second is not over");
  await clock.advanceTo(clock.now() + 1);
  assert.equal(await passed(30, "DescribeVpcTaskResult", { TaskId: "x" }), 20);
  const refused = await raw(cloud, { service: "vpc", action: "DescribeVpcTaskResult", body: { TaskId: "x" } });
  assert.match(
    refused.body.Response.Error?.Message ?? "",
    /request times equals to `31` in a second, which exceeds the frequency limit `20` for a second/,
  );
});

test("every action has its limit", () => {
  for (const [service, { actions }] of Object.entries(services)) {
    for (const action of Object.keys(actions)) assert.ok(callsPerSecond(service, action) >= 2, `${service} ${action}`);
  }
});

test("the engine sends a call again that was one too many", async (t) => {
  const cloud = await cloudFor(t, { rateLimits: true });
  const call = connect(cloud);
  const all = Array.from({ length: 25 }, () => call("vpc", "DescribeAddresses", {}));
  for (const answer of await Promise.all(all)) assert.equal(answer.TotalCount, 0);
  assert.ok(cloud.journal().some(({ result }) => result === "RequestLimitExceeded"));
});
