/** What a stack says of machines that were there before it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { parseSettings, SettingsError } from "../../../config/settings.ts";
import { existing as config, least } from "../given.ts";

function problemsOf(changes: Record<string, string>): string[] {
  try {
    parseSettings({ ...config, ...changes });
    return [];
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
}

test("two machines and how they call the cloud are all that is needed: no key pair, no sshCidrs", () => {
  const settings = parseSettings(config);
  assert.deepEqual(settings.instanceIds, { a: "ins-0000000a", b: "ins-0000000b" });
  assert.equal(settings.nodeRole, "web");
  assert.equal(parseSettings({ ...config, nodeRole: "", nodeCredentials: "key" }).nodeCredentials, "key");
});

test("a login that the machines have already: its private key, or an agent with it", () => {
  const agent = { sshPrivateKey: "", agentSocketPath: "SSH_AUTH_SOCK" };
  assert.deepEqual(problemsOf(agent), []);
  assert.deepEqual(problemsOf({ sshPrivateKey: "" }), [
    "sshPrivateKey: is missing; allowed: a key that logs in on both machines, set with --secret, or agentSocketPath of an SSH " +
      "agent that has it",
  ]);
});

test("the defaults that the engine hands over count as not set", () => {
  const { config: keys } = parse(readFileSync("Pulumi.yaml", "utf8")) as {
    config: Record<string, { default?: unknown }>;
  };
  const defaults = Object.entries(keys)
    .filter(([, entry]) => entry.default !== undefined)
    .map(([name, entry]) => [
      name,
      typeof entry.default === "object" ? JSON.stringify(entry.default) : `${entry.default}`,
    ]);
  assert.deepEqual(problemsOf({ ...(Object.fromEntries(defaults) as Record<string, string>), ...config }), []);
});

test("every key of new machines is named, all at once", () => {
  const wrong = {
    instanceType: "S5.LARGE8",
    imageName: "Debian 13",
    imageId: "img-mine",
    systemDiskType: "CLOUD_SSD",
    systemDiskSizeGb: "60",
    userDataFile: "lab/user-data.sh",
    sshPublicKey: "ssh-rsa AAAA",
    keyPairId: "skey-abc",
    nodePublicIp: "false",
  };
  const named = problemsOf(wrong).filter((text) => text.includes("is about new machines"));
  assert.deepEqual(named.map((text) => text.split(":")[0]).sort(), Object.keys(wrong).sort());
});

const both = "is for machines that are there already; allowed: with instanceIds.a and .b only";
const refused: [what: string, changes: Record<string, string>, message: string][] = [
  [
    "one machine",
    { instanceIds: '{"a":"ins-0000000a"}' },
    "instanceIds.b: is missing; allowed: the ids of two CVMs, as instanceIds.a and instanceIds.b",
  ],
  [
    "one machine twice",
    { instanceIds: '{"a":"ins-0000000a","b":"ins-0000000a"}' },
    'instanceIds.b: "ins-0000000a" is node a already; allowed: two machines',
  ],
  [
    "what is no machine",
    { instanceIds: '{"a":"ins-0000000a","b":"eni-0000000b"}' },
    'instanceIds.b: "eni-0000000b" is not allowed; allowed: the ids of two CVMs, as instanceIds.a and instanceIds.b',
  ],
  [
    "neither a role nor a key",
    { nodeRole: "" },
    "nodeRole: is missing: the nodes move the VIP by calls of the cloud's API; allowed: the name of the CAM role that both " +
      'machines have, or nodeCredentials "key" for a key of the stack\'s own',
  ],
  ["both", { nodeCredentials: "key" }, "nodeCredentials: came together with nodeRole; allowed: one of the two"],
  [
    "a role that can't be",
    { nodeRole: "a b" },
    'nodeRole: "a b" is not allowed; allowed: the name of the CAM role of both machines',
  ],
  [
    "other credentials",
    { nodeRole: "", nodeCredentials: "role" },
    'nodeCredentials: "role" is not allowed; allowed: key',
  ],
];
for (const [what, changes, message] of refused) {
  test(`refused: ${what}`, () => assert.deepEqual(problemsOf(changes), [message]));
}

test("with new machines there is neither", () => {
  assert.throws(
    () => parseSettings({ ...least, nodeRole: "web", nodeCredentials: "key" }),
    (error: SettingsError) => {
      assert.deepEqual(error.problems, [`nodeRole: ${both}`, `nodeCredentials: ${both}`]);
      return true;
    },
  );
});
