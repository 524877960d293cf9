/** The runbook's commands name resources of this program by type, name and parent, and its shell functions work. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runProgram } from "../support/mocks.ts";
import { lookups } from "./components/stack.ts";
import { least } from "./given.ts";

const runbook = readFileSync("docs/runbook.md", "utf8");
const functions = /```sh\n(pulumi\(\)[\s\S]*?)```/.exec(runbook)?.[1] ?? "";
const eni = (node: string) =>
  `urn:pulumi:prod::keepalived-cluster::pair$tencentcloud:index/eni:Eni::ha-vip-eni-${node}`;

const program = await runProgram({
  config: { ...least, publicIp: "true" },
  calls: {
    "tencentcloud:index/getEnis:getEnis": () => ({ enis: [] }),
    ...lookups,
  },
});

test("every resource that it names is one of the program", () => {
  const names = program.resources.map(({ name }) => name);
  const named = runbook.match(/\bha(-[a-z]+)+/g) ?? [];
  assert.ok(named.length > 30);
  assert.deepEqual(
    named.filter((name) => !names.includes(name)),
    [],
  );
});

test("what is adopted has the type and the parent that the program gives it", () => {
  const lines = [...runbook.matchAll(/^adopt (\S+) +(\S+) .*--parent (\S+)="\$\(urn (\S+)\)"$/gm)];
  assert.equal(lines.length, runbook.match(/^adopt /gm)?.length);
  for (const [, type, name, parent, urnOf] of lines) {
    const resource = program.resources.find((one) => one.name === name);
    assert.deepEqual([resource?.type, resource?.parent, resource?.parent], [type, parent, urnOf], name);
  }
});

/** Runs a line with the runbook's functions and a CLI that has this state. */
function shell(line: string): { stdout: string; state: string } {
  const folder = mkdtempSync(join(tmpdir(), "runbook-"));
  try {
    const urns = [eni("a"), eni("b")];
    const resources = urns.map((urn) => ({ urn, dependencies: urns }));
    writeFileSync(join(folder, "kept.json"), JSON.stringify({ version: 3, deployment: { resources } }, null, 4));
    const cli = 'pulumi() { if [ "$2" = export ]; then cat kept.json; else cp "$4" kept.json; fi; }';
    const script = `${functions}\n${cli}\n${line}`;
    const { status, stdout, stderr } = spawnSync("sh", ["-eu", "-c", script], { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return { stdout, state: readFileSync(join(folder, "kept.json"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("urn gives one URN, by the whole name", () => {
  assert.equal(shell("urn ha-vip-eni-a").stdout, `${eni("a")}\n`);
  assert.equal(shell("urn eni-a").stdout, "");
});

test("forget marks what is named, and nothing else", () => {
  const { deployment } = JSON.parse(shell("forget ha-vip-eni-a ha-a-attachment").state) as {
    deployment: { resources: { urn: string; retainOnDelete?: boolean }[] };
  };
  assert.deepEqual(
    deployment.resources.map(({ urn, retainOnDelete }) => [urn, retainOnDelete]),
    [
      [eni("a"), true],
      [eni("b"), undefined],
    ],
  );
});
