/**
 * Whatever a text in the configuration holds: it is refused in one line per problem, or it stays in its place in each file of
 * a node, as those read it that will.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { pairName } from "../../components/names.ts";
import { parseSettings, type Settings, SettingsError } from "../../config/settings.ts";
import type { PairSettings } from "../../render/model.ts";
import { planVipConfig } from "../../render/plan.ts";
import { renderNode } from "../../render/render.ts";
import { cloudIds } from "../golden/pair.ts";
import { least } from "../unit/given.ts";
import { Machine } from "./machine.ts";

/** What ends a line, a word, a string, a comment or a block somewhere, and what begins or passes for something. */
const pieces = [
  ..."\n\r\t\0\v\f\x1b\x85\u2028\u2029\u202e\"'`\\$%&|;!#{}[]()<>*?~^=,:@/ -",
  ...[
    "$(id)",
    "$IFS",
    "%n",
    "\\n",
    "\ud800",
    "\u{1f600}",
    "-n",
    "..",
    "{{pair}}",
    "\n}\nglobal_defs {",
    '",\n"mac": "x',
  ],
  ...[
    "10.0.1.20",
    "10.0.1.0/24",
    "nginx.service",
    "/run/x.pid",
    "http://127.0.0.1/",
    "ap-guangzhou-3",
    "vpc.x.com",
    "é",
    "a",
  ],
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary", maxLength: 6 })), { maxLength: 6 })
  .map((parts) => parts.join(""));

const json = (value: unknown) => JSON.stringify(value);
/** Each place of a configuration that takes a text, alone and behind what it has to begin with. */
const places: Record<string, (text: string) => Record<string, string>> = {
  region: (text) => ({ "tencentcloud:region": text }),
  zone: (text) => ({ zone: text }),
  "zone, longer": (text) => ({ zone: `ap-guangzhou-3${text}` }),
  vpcCidr: (text) => ({ vpcCidr: text }),
  subnetCidr: (text) => ({ subnetCidr: text }),
  vip: (text) => ({ vip: text }),
  "vip, longer": (text) => ({ vip: `10.0.1.50${text}` }),
  nodeAddresses: (text) => ({ nodeAddresses: json({ a: text, [text]: "10.0.1.20" }) }),
  imageName: (text) => ({ imageName: text }),
  imageId: (text) => ({ imageId: `img-1${text}` }),
  instanceType: (text) => ({ instanceType: `S5.MEDIUM2${text}` }),
  systemDiskType: (text) => ({ systemDiskType: text }),
  sshUser: (text) => ({ sshUser: text }),
  sshCidrs: (text) => ({ sshCidrs: json([text]) }),
  serviceCidrs: (text) => ({ serviceCidrs: json([`10.0.0.0/8${text}`]) }),
  servicePorts: (text) => ({ servicePorts: json([`53/udp${text}`]) }),
  sshPublicKey: (text) => ({ sshPublicKey: `${least.sshPublicKey} ${text}` }),
  hostKeys: (text) => ({ hostKeys: json({ a: `ssh-ed25519 ${"A".repeat(68)} ${text}` }) }),
  apiEndpoints: (text) => ({ apiEndpoints: json([`vpc.tencentcloudapi.com${text}`]) }),
  tags: (text) => ({ tags: json(Object.fromEntries([[text, text]])) }),
  "healthCheck.process": (text) => ({ healthCheck: json({ process: text }) }),
  "healthCheck.process, a unit": (text) => ({ healthCheck: json({ process: `${text}.service` }) }),
  "healthCheck.process, a file": (text) => ({ healthCheck: json({ process: `/run/${text}` }) }),
  "healthCheck.http": (text) => ({ healthCheck: json({ http: `http://127.0.0.1:8080/${text}` }) }),
  "healthCheck.http, its host": (text) => ({ healthCheck: json({ http: `http://localhost${text}/` }) }),
  "healthCheck.command": (text) => ({ healthCheck: json({ command: `check ${text}` }) }),
  "a key of healthCheck": (text) => ({ healthCheck: json({ tcp: 80, [text]: 1 }) }),
  notifyUrl: (text) => ({ notifyUrl: `https://hooks.example/${text}` }),
  "notifyUrl, its host": (text) => ({ notifyUrl: `https://hooks.example${text}` }),
  notifySecret: (text) => ({ notifyUrl: "https://hooks.example/", notifyFormat: "feishu", notifySecret: text }),
  "a key": (text) => ({ [text.replaceAll(":", "") || "x"]: "1" }),
  mode: (text) => ({ mode: text }),
  keepConnections: (text) => ({ keepConnections: `10m${text}` }),
  virtualRouterId: (text) => ({ virtualRouterId: `51${text}` }),
};

/** The configuration's settings; null when it is refused, in lines of which each can be seen. */
function settingsOf(changes: Record<string, string>): Settings | null {
  try {
    return parseSettings({ ...least, ...changes });
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    for (const problem of error.problems) assert.doesNotMatch(problem, /[\p{C}\p{Zl}\p{Zp}]/u);
    return null;
  }
}

const pair = "keepalived-cluster-prod";
/** With what only the cloud would tell of a network that is not the pair's own. */
const complete = (settings: Settings): PairSettings => ({
  ...settings,
  pair,
  subnetCidr: settings.subnetCidr ?? "10.0.1.0/24",
  nodeAddresses: { a: "10.0.1.16", b: "10.0.1.17", ...settings.nodeAddresses },
});
const filesOf = (settings: Settings) => renderNode(complete(settings), cloudIds, "a");
const contents = (settings: Settings) => new Map(filesOf(settings).map(({ path, content }) => [path, content]));
/** A file's lines, whatever addresses are in them. */
const shapeOf = (text: string | undefined) => text?.replaceAll(/\d+\.\d+\.\d+\.\d+/g, "ADDRESS");

const own = ["/etc/keepalived/vip.json", "/etc/keepalived/notify_url"];
/** With every file that any setting brings. */
const untouched = contents(parseSettings({ ...least, healthCheck: json({ tcp: 80 }), keepConnections: "10m" }));

/** What the node's programs are given to read, by file; each text once. */
const rendered: Record<string, Set<string>> = {};

for (const [place, put] of Object.entries(places)) {
  test(`${place}: a hostile text is refused or stays in its place`, () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const settings = settingsOf(put(text));
        if (settings === null) return;
        const files = contents({ ...settings, healthCheck: settings.healthCheck });
        for (const [path, content] of files) {
          if (own.includes(path)) continue;
          assert.equal(shapeOf(content), shapeOf(untouched.get(path)), path);
        }
        const vipJson = files.get("/etc/keepalived/vip.json") ?? "";
        const plan = planVipConfig(complete(settings), cloudIds, "a");
        assert.equal(vipJson, `${JSON.stringify(plan, null, 2)}\n`);
        assert.deepEqual(JSON.parse(vipJson), plan);
        const url = files.get("/etc/keepalived/notify_url");
        if (url !== undefined) assert.match(url, /^https:\/\/[\x21-\x7e]+\n(feishu\n([\x21-\x7e]+\n)?)?$/);
        for (const [path, content] of files) {
          rendered[path] ??= new Set();
          rendered[path].add(content);
        }
      }),
      { numRuns: 60 },
    );
  });
}

test("a hostile name of a stack is refused or is a name", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      let name: string;
      try {
        name = pairName("keepalived-cluster", text);
      } catch (error) {
        assert.match(String(error), /pulumi stack rename <name>$/);
        return;
      }
      assert.match(name, /^keepalived-cluster-[A-Za-z0-9-]*[A-Za-z0-9]$/);
    }),
  );
});

test("what was rendered is what keepalived, Python and sh take", async (t) => {
  const confs = [...(rendered["/etc/keepalived/keepalived.conf"] ?? [])];
  assert.ok(confs.length > 0, "something was accepted");
  const machine = await Machine.start({ name: "eth1", mac: cloudIds.eniMacs.a });
  t.after(() => machine.stop());
  machine.write(...filesOf(parseSettings(least)));
  for (const conf of confs) {
    machine.write({ path: "/etc/keepalived/keepalived.conf", mode: "0644", content: conf });
    const said = machine.run("/etc/keepalived/nic.sh up && keepalived -t -f /etc/keepalived/keepalived.conf");
    assert.deepEqual(said, { status: 0, stdout: "", stderr: "" }, conf);
  }
  for (const [path, texts] of Object.entries(rendered)) {
    if (!path.endsWith(".sh")) continue;
    for (const input of texts) assert.equal(spawnSync("sh", ["-n"], { input, encoding: "utf8" }).stderr, "", path);
  }
  const read = spawnSync("python3", ["-c", reader], {
    input: JSON.stringify(python()),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  assert.deepEqual([read.status, read.stderr], [0, ""]);
  assert.deepEqual(
    JSON.parse(read.stdout),
    python().map(({ text, json }) => (json ? JSON.parse(text) : null)),
  );
});

/** Python's files, and those that Python reads. */
const python = () =>
  Object.entries(rendered).flatMap(([path, texts]) =>
    /\.(py|json)$/.test(path) ? [...texts].map((text) => ({ text, json: path.endsWith(".json") })) : [],
  );
const reader = `
import json, sys
print(json.dumps([json.loads(f["text"]) if f["json"] else compile(f["text"], "f", "exec") and None
                  for f in json.load(sys.stdin)]))`;
