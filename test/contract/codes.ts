/** Calls that are refused, and the code of each, which has to be one that the vendor lists for the action. */
import assert from "node:assert/strict";
import { isListed } from "../../lab/cloud/wire/errorCodes.ts";
import { type Call, type Json, refused, type Service } from "./support.ts";

export type Refusal = [service: Service, action: string, request: Json, code: string];

export async function assertRefused(call: Call, refusals: Refusal[]): Promise<void> {
  for (const [service, action, request, code] of refusals) {
    const what = `${action} ${JSON.stringify(request)}`;
    assert.equal(await refused(call(service, action, request)), code, what);
    assert.ok(isListed(service, action, code), what);
  }
}

const tagsOf = (count: number, key = "k", value = "") =>
  Array.from({ length: count }, (_, index) => ({ Key: `${key}${index}`, Value: value }));
export const badTags = {
  key: tagsOf(1, "k".repeat(127)),
  illegalKey: tagsOf(1, " k"),
  reserved: tagsOf(1, "qcs:"),
  value: tagsOf(1, "k", "v".repeat(256)),
  illegalValue: tagsOf(1, "k", "v "),
  many: tagsOf(51),
};
