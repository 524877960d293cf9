/** The stack of a lab with the real engine: whose configuration and environment it has. The CLI is one that writes down. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { parse, stringify } from "yaml";
import { namesIn } from "../../../lab/command/settings.ts";
import { initPulumi, pulumiCommand } from "../../../lab/engine/pulumi.ts";
import { merge } from "../../../lab/engine/stackConfig.ts";
import { type LabConfig, labPaths } from "../../../lab/state.ts";

const config: LabConfig = {
  name: "unitcfg",
  index: 0,
  apiPort: 1,
  secretId: "lab-id",
  secretKey: "lab-key",
  region: "ap-guangzhou",
  zone: "ap-guangzhou-3",
};
const dir = labPaths(config.name).dir;
const folder = mkdtempSync(join(tmpdir(), "stack-config-"));
const engine = { file: join(folder, "pulumi"), version: "v3.259.0" };
const file = join(dir, "pulumi", `Pulumi.${config.name}.yaml`);
const read = () => parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
/** What the user's own world says in the environment. */
const foreign = {
  PULUMI_CONFIG_PASSPHRASE: "the user's",
  PULUMI_BACKEND_URL: "https://api.pulumi.com",
  PULUMI_ACCESS_TOKEN: "pul-1",
  PULUMI_STACK: "prod",
  PULUMI_CONFIG_PASSPHRASE_FILE: "/theirs",
  TENCENTCLOUD_REGION: "ap-beijing",
  TENCENTCLOUD_SECURITY_TOKEN: "theirs",
  TENCENTCLOUD_SECRET_KEY: "theirs",
  https_proxy: "http://proxy.example.com:3128",
};

before(() => {
  // Encrypts as the CLI does: another text each time, and never the plain one.
  const text = `#!/bin/sh
{ echo "== $*"; env; } >>${folder}/env
case "$1 $2" in
  "version ") echo v3.259.0 ;;
  "stack init") touch ${folder}/made ;;
  "stack select") [ -e ${folder}/made ] || { echo "error: no stack named 'x' found" >&2; exit 255; } ;;
  "config set") cat >/dev/null; [ "$4" = --path ] || printf '  keepalived-cluster:%s:\\n    secure: v1:%s\\n' "$4" "$$" >>Pulumi.${config.name}.yaml ;;
esac
`;
  writeFileSync(engine.file, text, { mode: 0o755 });
});
beforeEach(() => {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  Object.assign(process.env, foreign);
});
after(() => {
  for (const name of Object.keys(foreign)) delete process.env[name];
  rmSync(dir, { recursive: true, force: true });
  rmSync(folder, { recursive: true });
});
const init = (settings: Record<string, string>) => initPulumi(config, engine, "keepalived-cluster", settings);

test("nothing that the user's environment says of another stack or account reaches the CLI", async () => {
  await init({ notifyUrl: "https://example.com" });
  const { file: cli, args, options } = pulumiCommand(config, engine, ["preview"]);
  spawnSync(cli, args, options);
  // The API's very first call only asks for the version, before it knows of an environment.
  const calls = readFileSync(join(folder, "env"), "utf8")
    .split("== ")
    .filter((call) => call !== "" && !/^version/.test(call));
  assert.ok(calls.length >= 3, "by the API, by hand, and for the terminal");
  for (const call of calls) {
    const variables = call.split("\n");
    for (const [name, value] of Object.entries(foreign)) {
      assert.ok(!variables.includes(`${name}=${value}`), `${name} reached pulumi ${variables[0]}`);
    }
    assert.ok(variables.includes(`PULUMI_CONFIG_PASSPHRASE_FILE=${join(dir, "pulumi", "passphrase")}`));
    assert.ok(variables.includes("TENCENTCLOUD_SECRET_KEY=lab-key"));
  }
});

test("what pulumi config has changed stays, until the lab's own setting changes", async () => {
  const settings = { mode: "stable", servicePorts: "[80]", notifyUrl: "https://example.com/1" };
  await init(settings);
  const { config: first } = read();
  assert.deepEqual([first["keepalived-cluster:mode"], first["keepalived-cluster:servicePorts"]], ["stable", [80]]);
  writeFileSync(
    file,
    stringify({
      encryptionsalt: "v1:salt",
      config: {
        ...first,
        "keepalived-cluster:mode": "standing-master",
        "keepalived-cluster:failoverSpeed": "fast",
        "keepalived-cluster:servicePorts": undefined,
        "keepalived-cluster:notifyUrl": { secure: "v1:theirs" },
      },
    }),
  );
  await init({ ...settings, vip: "10.0.1.9" });
  const second = read();
  assert.deepEqual((second as { encryptionsalt?: string }).encryptionsalt, "v1:salt");
  const of = (key: string) => second.config[`keepalived-cluster:${key}`];
  assert.deepEqual([of("mode"), of("failoverSpeed"), of("vip")], ["standing-master", "fast", "10.0.1.9"]);
  assert.deepEqual([of("servicePorts"), of("notifyUrl")], [undefined, { secure: "v1:theirs" }]);
  await init({ ...settings, mode: "x", notifyUrl: "https://example.com/2" });
  const third = read().config;
  assert.equal(third["keepalived-cluster:mode"], "x");
  assert.match(JSON.stringify(third["keepalived-cluster:notifyUrl"]), /secure.*v1:\d/);
  assert.equal(third["keepalived-cluster:vip"], undefined, "a setting that is gone goes");
});

test("a key within an object is given to the CLI alone, and the rest of the object is in the file", async () => {
  await init({ bastion: JSON.stringify({ host: "198.18.0.9", privateKey: "not for the file" }) });
  assert.deepEqual(read().config["keepalived-cluster:bastion"], { host: "198.18.0.9" });
  assert.match(readFileSync(join(folder, "env"), "utf8"), /^== config set --secret --path bastion.privateKey /m);
  for (const name of [file, join(dir, "pulumi", "configured.json")]) {
    assert.ok(!readFileSync(name, "utf8").includes("not for the file"), name);
  }
});

test("what this command was told counts, whatever was before", () => {
  assert.deepEqual(merge({ k: "theirs" }, { k: "ours" }, { k: "ours" }, []), { k: "theirs" });
  assert.deepEqual(merge({ k: "theirs" }, { k: "ours" }, { k: "ours" }, ["k"]), { k: "ours" });
  assert.deepEqual(namesIn(["mode=stable", "sshCidrs[1]=10.0.0.0/8", 'tags["a=b"]=c', "nodeAddresses.a=10.0.1.4"]), [
    "mode",
    "sshCidrs",
    "tags",
    "nodeAddresses",
  ]);
});
