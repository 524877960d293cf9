/** The way from Pulumi's configuration into the program. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { runProgram } from "../../support/mocks.ts";
import { lookups } from "../components/stack.ts";
import { least } from "../given.ts";

const variables = ["TENCENTCLOUD_REGION", "PULUMI_CONFIG_SECRET_KEYS"];
afterEach(() => {
  for (const name of variables) delete process.env[name];
});

/** Message and registered resources of a run that must fail. */
async function failing(
  config: Record<string, string>,
  secretKeys: string[] = [],
): Promise<{ message: string; resources: string[] }> {
  const resources: string[] = [];
  const run = runProgram({ config, secretKeys, calls: lookups, seen: ({ name }) => void resources.push(name) });
  const message = await run.then(
    () => assert.fail("the program accepted this"),
    (error: Error) => error.message,
  );
  return { message, resources };
}

test("three mistakes: three lines, and not one resource", async () => {
  const { message, resources } = await failing({ ...least, mode: "x", virtualRouterId: "0", vpi: "10.0.1.9" });
  assert.deepEqual(resources, []);
  assert.equal(
    message,
    [
      "The configuration has 3 problems; nothing was changed.",
      "  vpi: is not a key of this project; did you mean vip?",
      '  mode: "x" is not allowed; allowed: stable or standing-master',
      "  virtualRouterId: 0 is not allowed; allowed: 1 to 255",
      "Change a key with: pulumi config set <key> <value>",
    ].join("\n"),
  );
});

test("keys of other projects and of the provider are none of ours", async () => {
  const r = await runProgram({
    config: { ...least, "tencentcloud:protocol": "HTTP", "other:mode": "x" },
    calls: lookups,
  });
  assert.equal(r.outputs.mode, "stable");
});

test("the region may come from the provider's environment variable", async () => {
  const { "tencentcloud:region": _region, ...rest } = least;
  process.env.TENCENTCLOUD_REGION = "ap-guangzhou";
  const r = await runProgram({ config: rest, calls: lookups });
  assert.match(String(r.one("CamPolicy").inputs.document), /qcs::vpc:ap-guangzhou::eni/);
});

test("a value set with --secret is not shown when it is refused", async () => {
  const { message } = await failing({ ...least, imageName: "top/secret" }, ["imageName"]);
  assert.match(message, /^ {2}imageName: \(not shown\) is not allowed; /m);
  assert.doesNotMatch(message, /top/);
});
