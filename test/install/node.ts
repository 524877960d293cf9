/** A node on which bundles are installed by their own scripts, with a systemctl that only does what the units would. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { bundle } from "../../push/bundle.ts";
import { installScripts } from "../../push/scripts.ts";
import type { NodeFile, PairSettings } from "../../render/model.ts";
import { renderNode } from "../../render/render.ts";
import { bareSettingsFor, cloudIds } from "../golden/pair.ts";
import { Machine, nodePath, type Result } from "./machine.ts";

export const conf = "/etc/keepalived/keepalived.conf";
const systemctl = readFileSync(new URL("systemctl.sh", import.meta.url), "utf8");

/** A node's files; the runtime's hooks and what listens do nothing here, for only their installation matters. */
export function filesOf(change: Partial<PairSettings> = {}): NodeFile[] {
  const hooks = ["check_self.sh", "notify_action.sh", "hear.py"].map((name) => `/etc/keepalived/${name}`);
  const hook = (path: string): NodeFile => ({ path, mode: "0755", owner: "root:root", content: "#!/bin/sh\n" });
  const rest = renderNode({ ...bareSettingsFor("stable"), ...change }, cloudIds, "a").filter(
    (f) => !hooks.includes(f.path),
  );
  return [...rest, ...hooks.map(hook)];
}
export const original = filesOf();
export const slower = filesOf({ advertIntervalMs: 1000 });

export const edited = (files: NodeFile[], path: string, edit: (text: string) => string): NodeFile[] =>
  files.map((file) => (file.path === path ? { ...file, content: edit(file.content) } : file));

/** A check by a command. */
export const checking = (target: string): Partial<PairSettings> => {
  return { healthCheck: { kind: "command", target, intervalS: 1, timeoutS: 30, fall: 1, rise: 1, secret: false } };
};

export class Node {
  private readonly machine: Machine;
  private pushes = 0;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Where a path of the node's is, seen from here. */
  at(path: string): string {
    return this.machine.root + path;
  }

  write(...files: Pick<NodeFile, "path" | "mode" | "content">[]): void {
    this.machine.write(...files);
  }

  save(folder: string): void {
    this.machine.save(folder);
  }

  run(script: string): Result {
    return this.machine.run(script, `/stub/bin:${nodePath}`);
  }

  /** What systemctl was told since the last look. */
  calls(): string[] {
    const file = this.at("/stub/calls");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
    rmSync(file, { force: true });
    return lines;
  }

  /** Runs a script of a bundle. @param around the command line, with `@` for the script */
  push(
    script: "install" | "uninstall",
    files: NodeFile[],
    { owner = "urn:us", around = "@", existing = false } = {},
  ): Result {
    this.pushes += 1;
    const folder = `/run/bundle-${this.pushes}`;
    const packed = bundle({ files, scripts: installScripts(), mask: ["TopSecret"], owner, existing });
    writeFileSync(this.at(`${folder}.tar`), packed);
    const unpack = `umask 077; mkdir ${folder}; tar -xpf ${folder}.tar -C ${folder}; umask 022`;
    return this.run(`${unpack}\n${around.replace("@", `sh ${folder}/${script}.sh ${folder} </dev/null`)}`);
  }

  install(files: NodeFile[], around?: string): Result {
    return this.push("install", files, { around });
  }

  /** An installation that must succeed, and of which no call counts. */
  firstInstall(files = original): void {
    const result = this.install(files);
    assert.equal(result.status, 0, result.stderr);
    this.calls();
  }

  /** Asserts that these files are in place, and nothing of an unfinished installation. */
  has(files: NodeFile[]): void {
    for (const file of files) {
      const path = this.at(file.path);
      assert.equal(readFileSync(path, "utf8"), file.content, file.path);
      assert.equal((statSync(path).mode & 0o7777).toString(8).padStart(4, "0"), file.mode, file.path);
    }
    const left = this.run("find /etc /var/lib -name '*keepalived-cluster-new' -o -name txn -o -name stage").stdout;
    assert.equal(left, "");
  }
}

async function nodeFor(t: TestContext, from?: string): Promise<Node> {
  // The first name is not the final one: a distribution may call the NIC by its slot.
  const machine = await Machine.start({ name: "ens6", mac: cloudIds.eniMacs.a }, from);
  t.after(() => machine.stop());
  const node = new Node(machine);
  node.write({ path: "/stub/bin/systemctl", mode: "0755", content: systemctl });
  return node;
}

/** A node that has never seen a bundle, for one test. */
export const bareNode = (t: TestContext): Promise<Node> => nodeFor(t);

let saved = "";
after(() => rmSync(saved, { recursive: true, force: true }));

/**
 * A node with `original` installed, for one test. It is installed once for all tests of a file, since that takes more than
 * a second of CPU: each gets a copy of disk and /run, and its NIC is set up as the unit does it after a boot.
 */
export async function installedNode(t: TestContext): Promise<Node> {
  if (saved === "") {
    const first = await nodeFor(t);
    first.firstInstall();
    saved = mkdtempSync(join(tmpdir(), "installed-"));
    first.save(saved);
  }
  const node = await nodeFor(t, saved);
  const nic = node.run("/etc/keepalived/nic.sh up");
  assert.equal(nic.status, 0, nic.stderr);
  return node;
}
