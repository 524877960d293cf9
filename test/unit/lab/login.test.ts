/** ssh into the lab's nodes, whatever the project's folder is called and the user has configured. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { argsOf } from "../../../lab/ssh/login.ts";

/** What ssh makes of the arguments: `ssh -G` reads them as a connection would, and makes none. */
function understood(args: string[], cwd: string): Record<string, string> {
  const { stdout, stderr, status } = spawnSync("ssh", ["-G", ...args], { cwd, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return Object.fromEntries(stdout.split("\n").map((line) => line.split(/ (.*)/s).slice(0, 2)));
}

test("a folder with blanks, quotes and signs that ssh replaces is no part of what ssh is told", (t) => {
  const project = join(mkdtempSync(join(tmpdir(), "login-")), `a b'c "d %h \${HOME}`);
  const before = process.cwd();
  mkdirSync(join(project, ".lab/x"), { recursive: true });
  t.after(() => {
    process.chdir(before);
    rmSync(join(project, ".."), { recursive: true });
  });
  process.chdir(project);
  const file = (name: string) => join(project, ".lab/x", name);
  for (const name of ["key", "known", "jump"]) writeFileSync(file(name), "");
  const jump = { keyFile: file("jump"), user: "root", host: "198.18.0.9", port: 22 };
  const login = { keyFile: file("key"), user: "root", host: "198.18.0.1", knownHosts: file("known"), jump };
  const { identityfile, userknownhostsfile, proxycommand } = understood(argsOf(login, ["true"]), project);
  assert.deepEqual([identityfile, userknownhostsfile], [".lab/x/key", ".lab/x/known"]);
  assert.match(proxycommand ?? "", /^'ssh' '-F' '\/dev\/null' '-i' '\.lab\/x\/jump' /);
});

test("a user's own configuration is not heard, neither for the node nor for the machine before it", () => {
  const jump = { keyFile: "k", user: "root", host: "198.18.0.9", port: 22 };
  const args = argsOf({ keyFile: "k", user: "root", host: "198.18.0.1", jump }, []);
  assert.deepEqual(args.slice(0, 2), ["-F", "/dev/null"]);
  assert.match(args.join(" "), /ProxyCommand='ssh' '-F' '\/dev\/null'/);
});
