/**
 * What a running stack's state knows its resources by, and the options that decide whether one is replaced. A line of the
 * golden file that changes means that an update does something to every running pair: `UPDATE_GOLDEN=1` rewrites the file,
 * and a change of it needs a reason and, for a name or a type, an alias.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { modes } from "../../render/model.ts";
import { type Recorded, type Run, runProgram } from "../support/mocks.ts";
import { existingConfig, existingWorld, worldAnswers } from "./components/existing.ts";
import { lookups } from "./components/stack.ts";
import { least } from "./given.ts";

type Seen = Record<string, Record<string, unknown>>;

/** Holds what was seen against a golden file. */
function assertGolden(name: string, seen: Seen): void {
  const golden = fileURLToPath(new URL(`expected/${name}`, import.meta.url));
  const text = `${JSON.stringify(seen, null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(golden, text);
  assert.equal(text, readFileSync(golden, "utf8"));
}

/** The design of the machines has the key in it, so it must not be a new one in each run. */
const length = (count: number) => Buffer.from([0, 0, 0, count]);
const fixedKey = Buffer.concat([length(11), Buffer.from("ssh-ed25519"), length(32), Buffer.alloc(32, 1)]);
// Nobody has its private half.
const config = {
  ...least,
  sshPublicKey: `ssh-ed25519 ${fixedKey.toString("base64")}`,
  sshPrivateKey: "",
  agentSocketPath: "SSH_AUTH_SOCK",
};

/** What says something: empty lists and flags that are off would hide it. */
const telling = (options: Recorded["options"]) =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => value && !(Array.isArray(value) && value.length === 0)),
  );

/** Options by URN. */
function rowsOf({ resources }: Run): Record<string, unknown> {
  const rows = resources.map(({ urn, options }): [string, unknown] => [urn, telling(options)]);
  const found = Object.fromEntries(rows.sort(([x], [y]) => (x < y ? -1 : 1)));
  assert.equal(Object.keys(found).length, resources.length, "a URN stands for one resource");
  return found;
}

/** Of a running pair, the VIP on b's. */
const enisOfB = [
  { name: "keepalived-cluster-test-a", instanceId: "ins-a", ipv4s: [{ ip: "10.0.1.16" }] },
  { name: "keepalived-cluster-test-b", instanceId: "ins-b", ipv4s: [{ ip: "10.0.1.17" }, { ip: "10.0.1.100" }] },
];

test("URNs and options of all resources are those of the golden file", async () => {
  const seen: Seen = {};
  for (const mode of modes) {
    for (const publicIp of ["false", "true"]) {
      for (const running of [false, true]) {
        const run = await runProgram({
          config: { ...config, mode, publicIp },
          calls: {
            ...lookups,
            "tencentcloud:index/getEnis:getEnis": () => ({ enis: running ? enisOfB : [] }),
          },
          ...(running && { made: identity }),
        });
        const title = `${mode}, ${publicIp === "true" ? "with" : "without"} an EIP, ${running ? "running, the VIP on b" : "new"}`;
        seen[title] = rowsOf(run);
      }
    }
  }
  assertGolden("urns.json", seen);
});

test("in an existing subnet, with an existing EIP, what is there is no resource of the stack's", async () => {
  const run = await runProgram({
    config: { ...config, ...existingConfig },
    calls: worldAnswers(existingWorld()),
  });
  assertGolden("existingUrns.json", { "in an existing subnet, with an existing EIP": rowsOf(run) });
});

const identity = {
  zone: "ap-guangzhou-3",
  vpcCidr: "10.0.0.0/16",
  subnetCidr: "10.0.1.0/24",
  vip: "10.0.1.100",
  nodeAddressA: "10.0.1.16",
  nodeAddressB: "10.0.1.17",
  run: "an earlier one",
};
