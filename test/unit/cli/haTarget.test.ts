import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const ha = fileURLToPath(new URL("../../../cli/ha/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ha-test-"));
after(() => rmSync(folder, { recursive: true }));

const outputs = {
  vip: "10.0.1.100",
  publicIp: null,
  mode: "stable",
  nodes: {
    a: {
      instanceId: "ins-a",
      eniId: "eni-a",
      address: "10.0.1.16",
      publicIp: "203.0.113.1",
      sshUser: "debian",
      hostKey: "ssh-ed25519 AAAA",
    },
    b: { instanceId: "ins-b", eniId: "eni-b", address: "10.0.1.17", publicIp: null, sshUser: "debian", hostKey: null },
  },
};

function stub(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}
// A CLI that only answers: a call that would select a stack or change anything else is an error.
stub(
  "pulumi",
  `echo "$*" >>${folder}/calls
case "$*" in
  "version --non-interactive" | version) echo v3.259.0 ;;
  "stack ls --json --non-interactive") cat ${folder}/stacks ;;
  "stack output --json --stack prod --non-interactive") sed 's/TOP-SECRET-KEY/x/' ${folder}/outputs ;;
  "stack output --json --show-secrets --stack prod --non-interactive") cat ${folder}/outputs ;;
  "config get sshPrivateKey --json --stack prod --non-interactive") cat ${folder}/config ;;
  *) echo "error: no stack named '$5' found" >&2; exit 255 ;;
esac`,
);
// What ssh was given: its arguments, and the folder that they name.
stub(
  "ssh",
  `for host; do case $host in a | b) break ;; esac; done
printf '%s\\n' "$@" >${folder}/$host.args
rm -rf ${folder}/$host.files; cp -rp "$(dirname "$2")" ${folder}/$host.files
dirname "$2" >${folder}/$host.folder
exit \${SSH_EXIT:-255}`,
);

function run(args: string[], { env = {}, stdout = "pipe" as "pipe" | number } = {}) {
  // As scripts/run.sh has it: npm's launcher comes before the user's own CLI.
  const launchers = fileURLToPath(new URL("../../../node_modules/.bin", import.meta.url));
  const { INIT_CWD: _cwd, PULUMI_STACK: _stack, LAB_NAME: _lab, ...own } = process.env;
  return spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", ha, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...own,
      PATH: `${launchers}:${folder}:${process.env.PATH}`,
      TMPDIR: "/tmp",
      NODE_COMPILE_CACHE: join(folder, "compiled"),
      ...env,
    },
    stdio: ["ignore", stdout, "pipe"],
    timeout: 60_000,
  });
}
const text = (name: string) => readFileSync(join(folder, name), "utf8");
const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
beforeEach(() => {
  write("outputs", { ...outputs, access: { privateKey: "TOP-SECRET-KEY", agentSocketPath: null } });
  write("stacks", [{ name: "prod", current: true }, { name: "dev" }]);
  writeFileSync(join(folder, "config"), "");
  writeFileSync(join(folder, "calls"), "");
});

test("a stack's nodes are reached with the key of its outputs, by file, and with the host keys that are known", () => {
  const { status, stdout } = run(["status", "--stack", "prod"]);
  assert.equal(status, 3, stdout);
  assert.match(stdout, /^stack prod, VIP 10\.0\.1\.100/);
  assert.match(text("a.args"), /^sudo -n sh -c '/m);
  assert.deepEqual(
    [text("a.files/identity"), statSync(join(folder, "a.files/identity")).mode & 0o777],
    ["TOP-SECRET-KEY\n", 0o600],
  );
  assert.equal(text("a.files/known-a"), "a ssh-ed25519 AAAA\n");
  assert.doesNotMatch(stdout + text("a.args") + text("b.args") + text("a.files/ssh_config"), /TOP-SECRET/);
  assert.throws(() => readdirSync(text("a.folder").trim()), /ENOENT/, "the key's file is gone");
});

test("a stack that an older version made has its key in the configuration", () => {
  write("outputs", outputs);
  write("config", { value: "TOP-SECRET-KEY", secret: true });
  run(["status", "--stack", "prod"]);
  assert.equal(text("a.files/identity"), "TOP-SECRET-KEY\n");
  // The CLI knows none, or gives the default that Pulumi.yaml has.
  for (const none of ["", '{"value": ""}']) {
    writeFileSync(join(folder, "config"), none);
    const { status, stderr } = run(["status", "--stack", "prod"]);
    assert.equal(status, 3);
    assert.match(stderr, /^The key of the nodes is neither in the outputs of the stack prod nor in its configuration/);
  }
});

test("--identity takes the place of the stack's key, which is then not asked for", () => {
  write("outputs", outputs);
  writeFileSync(join(folder, "mine"), "MY-KEY\n");
  run(["status", "--stack", "prod", "--identity", "mine"], { env: { INIT_CWD: folder } });
  assert.match(text("a.files/ssh_config"), new RegExp(`IdentityFile "${join(folder, "mine")}"`));
  assert.doesNotMatch(text("calls"), /config get/);
});

describe("without --stack", () => {
  const asked = (env = {}) => run(["status", "--cwd", "."], { env });

  test("the selected stack is meant, or the only one there is; nothing is selected", () => {
    assert.match(asked().stdout, /^stack prod, VIP/);
    write("stacks", [{ name: "prod" }]);
    assert.match(asked().stdout, /^stack prod, VIP/);
    assert.doesNotMatch(text("calls"), /select|init|set|import/);
  });

  test("of several none is guessed", () => {
    write("stacks", [{ name: "prod" }, { name: "dev" }]);
    const { status, stderr } = asked();
    assert.deepEqual([status, /there are prod, dev\. One of:[\s\S]*stack select NAME/.test(stderr)], [3, true], stderr);
    write("stacks", []);
    assert.match(asked().stderr, /There is no stack of this project/);
  });

  test("PULUMI_STACK names one, as it does for the CLI", () => {
    write("stacks", [{ name: "dev", current: true }]);
    assert.match(asked({ PULUMI_STACK: "prod" }).stdout, /^stack prod, VIP/);
  });
});

describe("npm run ha -- ssh", () => {
  test("logs in as the login's user, or runs a command with all its options; its exit code is ours", () => {
    assert.equal(run(["ssh", "a", "--stack", "prod"]).status, 255);
    const { status } = run(["--stack", "prod", "ssh", "b", "ls", "-l", "--json", "--watch"], {
      env: { SSH_EXIT: "7" },
    });
    assert.equal(status, 7);
    assert.deepEqual(text("b.args").split("\n").slice(2), [
      "-o",
      "BatchMode=no",
      "b",
      "--",
      "ls",
      "-l",
      "--json",
      "--watch",
      "",
    ]);
    assert.match(text("b.files/ssh_config"), /User "debian"/);
  });
});

describe("a lab's pair", () => {
  const name = "unitlab";
  const place = fileURLToPath(new URL(`../../../.lab/${name}`, import.meta.url));
  const known = { ...outputs, schemaVersion: 1, identity: "/lab/key", device: null, bastion: null, clients: [] };
  before(() => {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "ha.json"), JSON.stringify(known));
  });
  after(() => {
    rmSync(place, { recursive: true });
    const labs = join(place, "..");
    if (readdirSync(labs).length === 0) rmSync(labs, { recursive: true });
  });

  test("is reached by the lab's key, or by the one that is named, however the lab was found", () => {
    write("mine", "KEY");
    const byName = { env: { INIT_CWD: folder, LAB_NAME: name } };
    for (const [args, identity] of [
      [["--lab", name], "/lab/key"],
      [["--lab", name, "--identity", "mine"], join(folder, "mine")],
      [["--identity", "mine"], join(folder, "mine")],
    ] as const) {
      run([...args, "ssh", "a"], byName);
      assert.match(text("a.files/ssh_config"), new RegExp(`IdentityFile "${identity}"`));
    }
    const wrong = run(["--lab", name, "--identity", "other", "status"], byName);
    assert.equal(wrong.status, 64);
    assert.match(wrong.stderr, /^--identity is "other": .*\/other: there is no such file or folder/);
  });

  test("is the one that the hints lead to, where it was named", () => {
    const hint = (args: string[], env: Record<string, string>) => run(["ssh", "a", ...args], { env }).stderr;
    assert.match(run(["--lab", name, "ssh", "a"]).stderr, /npm run ha -- status --lab unitlab, and its machine/);
    assert.match(hint([], { LAB_NAME: name }), /npm run ha -- status --lab unitlab, and its machine/);
    assert.match(hint([], { PULUMI_STACK: "prod" }), /npm run ha -- status --stack prod, and its machine/);
    const none = run(["status", "--lab", "nosuch"]);
    assert.match(none.stderr, /Make one with: env LAB_NAME=nosuch npm run lab$/m);
  });
});

test("a folder for temporary files that is none is named, with what to do about it", () => {
  const { status, stderr } = run(["status", "--stack", "prod"], { env: { TMPDIR: join(folder, "gone") } });
  assert.deepEqual(
    [status, stderr.trim()],
    [
      3,
      `The folder for temporary files, ${join(folder, "gone")} (TMPDIR): it is not there; make it, or set TMPDIR to one that is.`,
    ],
  );
});

describe("npm run ha -- key", () => {
  const key = "TOP-SECRET-KEY\n";
  const mode = (name: string) => statSync(join(folder, name)).mode & 0o777;

  test("writes a file for its user alone, and never over another", () => {
    const args = ["--stack", "prod", "key", "key-file"];
    const { status, stdout, stderr } = run(args, { env: { INIT_CWD: folder } });
    assert.deepEqual([status, stdout, text("key-file"), mode("key-file")], [0, "", key, 0o600], stderr);
    writeFileSync(join(folder, "key-file"), "another's");
    const again = run(args, { env: { INIT_CWD: folder } });
    assert.deepEqual([again.status, text("key-file")], [3, "another's"]);
    assert.match(again.stderr, /is there already/);
  });

  test("says where it could not write, and leaves nothing behind", () => {
    const missing = run(["--stack", "prod", "key", "no/key"], { env: { INIT_CWD: folder } });
    assert.equal(missing.status, 3);
    assert.equal(
      missing.stderr.trim(),
      `${join(folder, "no/key")}: there is no folder ${join(folder, "no")}; make it, or name another one.`,
    );
    const bundle = run(["--stack", "prod", "logs", "--bundle", "no/x.tgz"], { env: { INIT_CWD: folder } });
    assert.deepEqual([bundle.status, /no folder .*make it/.test(bundle.stderr)], [64, true], bundle.stderr);
  });

  test("into a pipe, or into a redirected file: without npm's banner, and closed to others", () => {
    assert.equal(run(["--stack", "prod", "key"]).stdout, key);
    const banner = "\n> keepalived-cluster@0.2.0 ha\n> sh scripts/run.sh cli/ha/main.ts key\n\n";
    for (const [flag, before, after] of [
      ["w", "", key],
      ["w", banner, key],
      ["a", "mine\n", `mine\n${key}`],
    ] as const) {
      const file = join(folder, "redirected");
      const stdout = openSync(file, flag, 0o644);
      writeSync(stdout, before);
      run(["--stack", "prod", "key"], { stdout });
      closeSync(stdout);
      assert.deepEqual([text("redirected"), mode("redirected")], [after, 0o600]);
      rmSync(file);
    }
  });

  test("a key that is with an agent is nowhere else", () => {
    write("outputs", { ...outputs, access: { privateKey: null, agentSocketPath: "/run/agent", bastion: null } });
    const { status, stderr } = run(["--stack", "prod", "key"]);
    assert.deepEqual([status, /is with an SSH agent/.test(stderr)], [3, true], stderr);
  });
});

test("what cannot be told is said, with the code for it", () => {
  const none = run(["status", "--stack", "none"]);
  assert.deepEqual(
    [none.status, none.stderr],
    [3, "The Pulumi CLI did not answer as it should: no stack named 'none' found\n"],
  );
  writeFileSync(join(folder, "outputs"), "{}");
  const empty = run(["status", "--stack", "prod"]);
  assert.deepEqual([empty.status, /The stack prod has no pair yet/.test(empty.stderr)], [3, true]);
  const lab = run(["status", "--lab", "nosuch"]);
  assert.deepEqual([lab.status, /no pair in a lab named "nosuch"/.test(lab.stderr)], [3, true]);
});

test("a switchover that cannot begin is refused, and says that nothing has changed", () => {
  const refused = run(["switchover", "--stack", "prod", "--yes"]);
  assert.deepEqual([refused.status, /^Refused, nothing has changed/.test(refused.stderr)], [4, true]);
});

test("wrong usage is 64", () => {
  for (const args of [
    ["promote"],
    ["switchover", "--stack", "prod", "--to", "c"],
    ["status", "--stack", "x", "--lab", "y"],
    ["status", "--cwd", "x", "--lab", "y"],
    ["status", "--no"],
    ["status", "--watch", "0"],
    ["status", "a"],
    ["maintenance", "on"],
    ["maintenance", "on", "a", "b"],
    ["ssh", "c", "--stack", "prod"],
    ["key", "x", "y"],
  ]) {
    assert.equal(run(args).status, 64, args.join(" "));
  }
});
