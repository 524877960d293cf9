/** Whether the real engine can run here, on machines that are folders: found, too old, or named with how to get it. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { findRealEngine } from "../../../lab/engine/cli.ts";
import { chooseEngine } from "../../../lab/engine/engine.ts";

const names = ["PATH", "PULUMI_HOME", "PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR"] as const;
const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
const host = "pulumi-language-nodejs";
const plugins = ["pulumi-resource-command", "pulumi-resource-terraform-provider"];
let folder: string;

/** An executable in the only folder of PATH. */
const install = (name: string, text = "") =>
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
const installProvider = () =>
  mkdirSync(join(folder, "tf/registry.opentofu.org/tencentcloudstack/tencentcloud/1.83.25"), { recursive: true });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "real-engine-"));
  mkdirSync(join(folder, "bin"));
  process.env.PATH = join(folder, "bin");
  process.env.PULUMI_HOME = join(folder, "home");
  process.env.PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR = join(folder, "tf");
});

afterEach(() => {
  for (const name of names) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  rmSync(folder, { recursive: true });
});

test("with nothing here, everything that is missing is named with how to get it", () => {
  const { engine, missing } = findRealEngine();
  assert.equal(engine, null);
  assert.deepEqual(
    missing.map((text) => text.split(":")[0]),
    [
      "the Pulumi CLI 3.208 or newer",
      "the plugin command",
      "the plugin terraform-provider",
      'the provider tencentcloud 1.83.25, which the first "pulumi up" with internet fetches',
    ],
  );
  assert.match(missing[0] ?? "", /https:\/\/www\.pulumi\.com/);
  assert.match(missing[1] ?? "", /pulumi plugin install resource command 1\.2\.1/);
});

test("with everything on PATH nothing is missing", () => {
  install("pulumi", "echo v3.260.0");
  for (const name of [host, ...plugins]) install(name);
  installProvider();
  assert.deepEqual(findRealEngine(), {
    engine: { file: join(folder, "bin", "pulumi"), version: "v3.260.0" },
    missing: [],
  });
});

test("plugins in Pulumi's own folder count as well", () => {
  install("pulumi", "echo v3.260.0");
  install(host);
  installProvider();
  for (const name of ["resource-command-v1.2.1", "resource-terraform-provider-v1.1.3"]) {
    mkdirSync(join(folder, "home/plugins", name), { recursive: true });
  }
  assert.deepEqual(findRealEngine().missing, []);
});

test("a CLI that is too old is named with its version, one without its language host with the host", () => {
  install("pulumi", "echo v3.207.9");
  for (const name of plugins) install(name);
  installProvider();
  const { missing } = findRealEngine();
  assert.match(missing[0] ?? "", /3\.208 or newer; .*\/pulumi is v3\.207\.9$/);
  assert.match(missing[1] ?? "", /^pulumi-language-nodejs/);
  assert.equal(missing.length, 2);
});

test("npm's launcher of the CLI is none: it would download one", () => {
  mkdirSync(join(folder, "node_modules"));
  install("pulumi", "exit 1");
  symlinkSync(join(folder, "bin"), join(folder, "node_modules/.bin"));
  process.env.PATH = join(folder, "node_modules/.bin");
  assert.equal(findRealEngine().engine, null);
});

test("--engine pulumi is refused with all that is missing; auto says it and takes the inline engine", (t) => {
  assert.throws(() => chooseEngine("pulumi", "nosuchlab"), /can't run here.*\n {2}the Pulumi CLI/);
  const said: string[] = [];
  t.mock.method(console, "log", (text: string) => void said.push(text));
  assert.equal(chooseEngine("auto", "nosuchlab"), null);
  assert.match(said.join("\n"), /the inline engine stands in.*\n {2}the Pulumi CLI/);
});
