/**
 * npm run render [-- --set key=value…] [--node a|b] [--out DIR]
 * The generator by itself: every file of both nodes, with path, mode and owner. No cloud, no root, any system with Node.
 */
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { withPath } from "../config/path.ts";
import { parseSettings } from "../config/settings.ts";
import { type CloudIds, type NodeFile, type NodeName, nodeNames } from "../render/model.ts";
import { renderNode } from "../render/render.ts";
import { messageOf } from "../terminal/problem.ts";
import { goesOnUnread } from "../terminal/reader.ts";

const usage = `usage: npm run render -- [--set key=value]... [--node a|b] [--out DIR]
  --set   one setting, by the path that \`pulumi config set --path\` takes: mode=standing-master, nodeAddresses.a=10.0.1.20
  --node  only this node's files; default: both
  --out   write them to DIR/<node>/<path>, with a list in DIR/<node>.manifest; default: print them`;

/** The files of these settings belong to no stack, so they get a name that says so. */
const pair = "keepalived-cluster-example";

/** What is required of a stack but is in no file. A key that was made for this run is nobody's. */
function withSamples(chosen: Record<string, string>): Record<string, string> {
  const zone = chosen.zone ?? `${chosen["tencentcloud:region"] ?? "ap-guangzhou"}-3`;
  const { privateKey } = generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return {
    zone,
    "tencentcloud:region": zone.replace(/-\d+$/, ""),
    sshCidrs: JSON.stringify(["203.0.113.7/32"]),
    ...(chosen.sshPublicKey === undefined && { keyPairId: "skey-example0" }),
    sshPrivateKey: privateKey,
    ...chosen,
  };
}

/** Ids that only the cloud can give, as texts that nobody takes for real ones. */
const placeholders = (publicIp: boolean): CloudIds => ({
  eniIds: { a: "eni-of-node-a", b: "eni-of-node-b" },
  eniMacs: { a: "mac-of-node-a", b: "mac-of-node-b" },
  eipId: publicIp ? "eip-of-the-pair" : null,
});

function settingsFrom(sets: string[]): Record<string, string> {
  let settings: Record<string, string> = {};
  for (const set of sets) {
    const at = set.indexOf("=");
    if (at < 1) throw new Error(`--set ${set}: expected key=value, for example --set mode=standing-master`);
    settings = withPath(settings, set.slice(0, at), set.slice(at + 1));
  }
  return settings;
}

function nodesFrom(node: string | undefined): readonly NodeName[] {
  const found = nodeNames.filter((name) => node === undefined || name === node);
  if (found.length === 0) throw new Error(`--node ${node}: there is no such node; allowed: a, b`);
  return found;
}

function write(folder: string, node: NodeName, files: NodeFile[]): void {
  for (const { path, mode, content } of files) {
    const target = join(folder, node, path);
    mkdirSync(dirname(target), { recursive: true });
    const bits = Number.parseInt(mode, 8);
    writeFileSync(target, content, { mode: bits }); // a secret is closed from the start
    chmodSync(target, bits);
  }
  const lines = files.map(({ mode, owner, path }) => `${mode} ${owner} ${path}\n`);
  writeFileSync(join(folder, `${node}.manifest`), lines.join(""));
}

const print = (node: NodeName, files: NodeFile[]): string =>
  files
    .map(({ path, mode, owner, content, secrets }) => {
      const text = secrets ? "(secret: not shown; --out writes it)\n" : content;
      return `==> node ${node}: ${path} ${mode} ${owner}\n${text}\n`;
    })
    .join("");

function main(): void {
  const options = {
    set: { type: "string", multiple: true },
    node: { type: "string" },
    out: { type: "string" },
  } as const;
  const { values } = parseArgs({ options: { ...options, help: { type: "boolean", short: "h" } } });
  if (values.help) {
    console.log(usage);
    return;
  }
  const nodes = nodesFrom(values.node);
  const settings = { ...parseSettings(withSamples(settingsFrom(values.set ?? []))), pair };
  const { subnetCidr, nodeAddresses } = settings;
  const [a, b] = nodeNames.map((node) => nodeAddresses[node]);
  if (subnetCidr === undefined || a === undefined || b === undefined) {
    throw new Error("subnetId: what is in that subnet only the cloud can tell; for a rendering set subnetCidr instead");
  }
  const ids = placeholders(settings.publicIp);
  for (const node of nodes) {
    const files = renderNode({ ...settings, subnetCidr, nodeAddresses: { a, b } }, ids, node);
    if (values.out === undefined) process.stdout.write(print(node, files));
    else write(values.out, node, files);
  }
  if (values.out !== undefined) console.error(`Wrote the files of ${nodes.join(" and ")} to ${values.out}.`);
  console.error(
    `${ids.eniIds[nodes[0] ?? "a"]}, ${ids.eniMacs[nodes[0] ?? "a"]} and the like in vip.json stand for ids that only the cloud gives.`,
  );
}

goesOnUnread();
try {
  main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
