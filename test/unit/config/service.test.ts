/** healthCheck, hooksDir and notifyUrl with what belongs to it, from the configuration to what the generator gets. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type ParseOptions, parseSettings, SettingsError } from "../../../config/settings.ts";
import { least } from "../given.ts";

const settings = (changes: Record<string, string>, options: ParseOptions = {}) =>
  parseSettings({ ...least, ...changes }, options);

/** The problems of a configuration, [] when it is good. */
function problemsOf(changes: Record<string, string>, options: ParseOptions = {}): string[] {
  try {
    settings(changes, options);
    return [];
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.problems;
  }
}

describe("healthCheck", () => {
  const check = (given: Record<string, unknown>) => settings({ healthCheck: JSON.stringify(given) }).healthCheck;

  test("has defaults for everything but what it checks; empty means none", () => {
    const rest = { intervalS: 2, timeoutS: 2, fall: 3, rise: 2, secret: false };
    assert.deepEqual(check({ process: "web.service" }), { kind: "process", target: "web.service", ...rest });
    assert.deepEqual(check({ process: "/run/web.pid" }), { kind: "process", target: "/run/web.pid", ...rest });
    assert.deepEqual(check({ tcp: 80 }), { kind: "tcp", target: 80, ...rest });
    const url = "http://localhost:8080/health?deep=1";
    assert.deepEqual(check({ http: url }), { kind: "http", target: url, ...rest });
    assert.deepEqual(check({ http: "https://127.0.0.1" })?.target, "https://127.0.0.1/");
    assert.deepEqual(check({ command: "pg_isready -q" }), { kind: "command", target: "pg_isready -q", ...rest });
    assert.equal(check({}), null);
  });

  test("takes interval, timeout, fall and rise", () => {
    assert.deepEqual(check({ tcp: 80, interval: 10, timeout: 5, fall: 1, rise: 20 }), {
      kind: "tcp",
      target: 80,
      intervalS: 10,
      timeoutS: 5,
      fall: 1,
      rise: 20,
      secret: false,
    });
  });

  const one =
    "allowed: exactly one of process, tcp, http and command, with interval, timeout, fall and rise if you like";
  const unit = "allowed: a systemd unit such as nginx.service, or the path of a pid file such as /run/nginx.pid";
  const own = "allowed: a URL of the node itself, such as http://127.0.0.1:8080/health";
  const refused: [given: unknown, ...messages: string[]][] = [
    ["web.service", `healthCheck: "web.service" is not allowed; ${one}`],
    [{ interval: 5 }, `healthCheck: {"interval":5} is not allowed; ${one}`],
    [{ tcp: 80, command: "true" }, `healthCheck: {"tcp":80,"command":"true"} is not allowed; ${one}`],
    [{ tcp: 0 }, "healthCheck.tcp: 0 is not allowed; allowed: a TCP port, 1 to 65535"],
    [{ tcp: "http" }, 'healthCheck.tcp: "http" is not allowed; allowed: a TCP port, 1 to 65535'],
    [{ process: "web" }, `healthCheck.process: "web" is not allowed; ${unit}`],
    [{ process: "--help.service" }, `healthCheck.process: "--help.service" is not allowed; ${unit}`],
    [{ process: "run/web.pid" }, `healthCheck.process: "run/web.pid" is not allowed; ${unit}`],
    [{ http: "http://10.0.1.17/" }, `healthCheck.http: "http://10.0.1.17/" is not allowed; ${own}`],
    [{ http: "http://127.0.0.1.example/" }, `healthCheck.http: "http://127.0.0.1.example/" is not allowed; ${own}`],
    [{ http: "localhost:80" }, `healthCheck.http: "localhost:80" is not allowed; ${own}`],
    [
      { command: "a\nb" },
      'healthCheck.command: "a\\nb" is not allowed; allowed: a command line of at most 1000 characters, such as /usr/local/bin/check --quick',
    ],
    [
      { http: "x", interval: 0, timeout: 61, fall: 2.5, rise: "2", tcpp: 80 },
      `healthCheck.http: "x" is not allowed; ${own}`,
      "healthCheck.interval: 0 is not allowed; allowed: 1 to 60 seconds",
      "healthCheck.timeout: 61 is not allowed; allowed: 1 to 60 seconds",
      "healthCheck.fall: 2.5 is not allowed; allowed: 1 to 20",
      'healthCheck.rise: "2" is not allowed; allowed: 1 to 20',
      `healthCheck.tcpp: 80 is not allowed; ${one}`,
    ],
  ];
  for (const [given, ...messages] of refused) {
    const text = typeof given === "string" ? given : JSON.stringify(given);
    test(`refused: ${text}`, () => assert.deepEqual(problemsOf({ healthCheck: text }), messages));
  }
});

describe("hooksDir", () => {
  const folder = mkdtempSync(join(tmpdir(), "hooks-"));
  after(() => rmSync(folder, { recursive: true }));
  /** A folder of its own with these files. */
  function hooksDir(files: Record<string, string | Buffer>): string {
    const dir = mkdtempSync(join(folder, "x"));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(dir, name, ".."), { recursive: true });
      writeFileSync(join(dir, name), content);
    }
    return dir;
  }
  const script = "#!/bin/sh\n";

  test("gives every script of both states, in the order in which they run", () => {
    const names = ["standby/10-demote", "active/20-start", "active/10-check.sh", "active/.swp", ".git/config"];
    const dir = hooksDir(Object.fromEntries(names.map((name) => [name, `${script}# ${name}\n`])));
    assert.deepEqual(settings({ hooksDir: dir }).hooks, [
      { state: "active", name: "10-check.sh", content: `${script}# active/10-check.sh\n` },
      { state: "active", name: "20-start", content: `${script}# active/20-start\n` },
      { state: "standby", name: "10-demote", content: `${script}# standby/10-demote\n` },
    ]);
  });

  /** What is said of one path in an otherwise good folder. */
  const said = (name: string, content: string | Buffer): string => {
    const dir = hooksDir({ "active/10-ok": script, [name]: content });
    const [problem = "", ...more] = problemsOf({ hooksDir: dir });
    assert.deepEqual(more, []);
    return problem.replace(dir, "D");
  };
  test("refuses every file that would not run on a node, by its path", () => {
    assert.equal(
      said("active/prog", "\x7fELF"),
      'hooksDir: "D/active/prog" is no script; allowed: text that begins with #!/',
    );
    const binary = Buffer.concat([Buffer.from(script), Buffer.from([0xff])]);
    assert.match(said("active/prog", binary), /is no script/);
    assert.match(said("active/a b", script), /has a name that won't do/);
    assert.match(said("activ/10-ok", script), /"D\/activ" is none of the two folders; allowed: active and standby/);
    assert.match(said("README", script), /is none of the two folders/);
    assert.match(said("standby/deep/10-x", script), /"D\/standby\/deep" is no regular file/);
    assert.match(said("active/big", script + "x".repeat(65536)), /has 65546 bytes; allowed: at most 65536/);
  });

  test("refuses symbolic links, wherever they lead", () => {
    const dir = hooksDir({ "active/10-ok": script, outside: script });
    rmSync(join(dir, "outside"));
    symlinkSync("/etc/hostname", join(dir, "active/20-out"));
    symlinkSync("active", join(dir, "standby"));
    assert.deepEqual(problemsOf({ hooksDir: dir }), [
      `hooksDir: "${dir}/active/20-out" is a symbolic link; allowed: regular files`,
      `hooksDir: "${dir}/standby" is none of the two folders; allowed: active and standby, with the scripts in them`,
    ]);
  });

  test("refuses a folder that is missing, empty or too big", () => {
    const allowed = "allowed: a folder with scripts in active/, in standby/ or in both";
    assert.deepEqual(problemsOf({ hooksDir: "/no/such" }), [
      `hooksDir: "/no/such" can't be read (there is none); ${allowed}`,
    ]);
    const empty = hooksDir({ "active/.gitkeep": "" });
    assert.deepEqual(problemsOf({ hooksDir: empty }), [`hooksDir: "${empty}" has no script; ${allowed}`]);
    const names = ["1", "2", "3", "4", "5"];
    const big = hooksDir(Object.fromEntries(names.map((name) => [`active/${name}`, script + "x".repeat(60000)])));
    assert.deepEqual(problemsOf({ hooksDir: big }), [
      `hooksDir: "${big}" has 300050 bytes of scripts; allowed: at most 262144`,
    ]);
  });
});

describe("notifyUrl", () => {
  test("is taken as it will be sent", () => {
    assert.equal(settings({ notifyUrl: "https://Hooks.Example/t0k#x" }).notifyUrl, "https://hooks.example/t0k");
    assert.equal(settings({ notifyUrl: "http://10.0.1.9:8080" }).notifyUrl, "http://10.0.1.9:8080/");
  });

  test("is refused without ever being shown", () => {
    for (const url of [
      "ftp://x/s3cret",
      "https://user:s3cret@x/",
      "s3cret",
      "https://[::1]/s3cret",
      "https://x/s3 cret",
    ]) {
      assert.deepEqual(problemsOf({ notifyUrl: url }), [
        "notifyUrl: (not shown) is not allowed; allowed: an http:// or https:// URL without user and password",
      ]);
    }
  });

  test("has to be a secret wherever secrets are known", () => {
    const notifyUrl = "https://hooks.example/s3cret";
    assert.deepEqual(problemsOf({ notifyUrl }, { secretKeys: ["sshPrivateKey", "notifyUrl"] }), []);
    assert.deepEqual(problemsOf({ notifyUrl }, { secretKeys: ["sshPrivateKey"] }), [
      "notifyUrl: is in clear in the stack's settings; allowed: pulumi config set --secret notifyUrl …",
    ]);
  });
});

describe("notifyFormat and notifySecret", () => {
  const notifyUrl = "https://oapi.dingtalk.com/robot/send?access_token=s3cret";

  test("are taken as they are; without a format a program is told", () => {
    const { notifyFormat, notifySecret } = settings({ notifyUrl, notifyFormat: "dingtalk", notifySecret: "SEC12345" });
    assert.deepEqual([notifyFormat, notifySecret], ["dingtalk", "SEC12345"]);
    assert.partialDeepStrictEqual(settings({ notifyUrl }), { notifyFormat: "json", notifySecret: null });
    assert.deepEqual(problemsOf({ notifyUrl, notifyFormat: "feishu", notifySecret: "12345678" }), []);
  });

  test("a robot needs its URL", () => {
    assert.deepEqual(problemsOf({ notifyFormat: "wecom" }), [
      "notifyUrl: is missing, and notifyFormat is wecom; allowed: the robot's URL, set with --secret",
    ]);
  });

  test("a secret is refused where nothing is signed, and where it has no line of its own; it is never shown", () => {
    for (const notifyFormat of ["json", "wecom", "slack"]) {
      assert.deepEqual(problemsOf({ notifyUrl, notifyFormat, notifySecret: "s3cretKey" }), [
        `notifySecret: came with notifyFormat ${notifyFormat}, which signs nothing; allowed: with feishu or dingtalk`,
      ]);
    }
    for (const notifySecret of ["s3cret", "s3 cretKey", "s3cretKey\nx", "s3cretKey\u202e", "s".repeat(201)]) {
      assert.deepEqual(problemsOf({ notifyUrl, notifyFormat: "feishu", notifySecret }), [
        "notifySecret: (not shown) is not allowed; allowed: the robot's signing secret, set with --secret",
      ]);
    }
    const given = { notifyUrl, notifyFormat: "feishu", notifySecret: "s3cretKey" };
    assert.deepEqual(problemsOf(given, { secretKeys: ["sshPrivateKey", "notifyUrl"] }), [
      "notifySecret: is in clear in the stack's settings; allowed: pulumi config set --secret notifySecret …",
    ]);
  });
});
