/** `npm run up`, `preview`, `refresh` and `destroy` with a Pulumi CLI that only says what it was told, or with none. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../../../cli/pulumi.ts", import.meta.url));
const keys = { TENCENTCLOUD_SECRET_ID: "id", TENCENTCLOUD_SECRET_KEY: "key" };
/** No test may reach the internet: whoever fetches is told that there is none. */
const offline = `--import=data:text/javascript,${encodeURIComponent('globalThis.fetch = async () => { throw new Error("no internet"); };')}`;

interface Fake {
  version?: string;
  /** JSON of `plugin ls`. */
  plugins?: { name: string; version: string }[];
  stack?: string;
  /** What `stack` says when it fails. */
  stackError?: string;
  installFails?: boolean;
  upExit?: number;
}

const allPlugins = [
  { name: "command", version: "1.2.1" },
  { name: "terraform-provider", version: "1.1.3" },
];

/** A CLI as a shell script; what it is called with goes to a log. */
function writeCli(file: string, log: string, fake: Fake): void {
  const {
    version = "v3.208.0",
    plugins = allPlugins,
    stack = "prod",
    stackError = "",
    installFails,
    upExit = 0,
  } = fake;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `#!/bin/sh
echo "$*\${KEEPALIVED_CLUSTER_REPAIR:+ repair $KEEPALIVED_CLUSTER_REPAIR}" >> ${log}
case "$1 $2" in
  "version ") echo "${version}" ;;
  "plugin ls") echo '${JSON.stringify(plugins)}' ;;
  "plugin install") ${installFails ? "echo 'no route to host' >&2; exit 1" : "exit 0"} ;;
  "stack --show-name") ${stackError ? `echo "${stackError}" >&2; exit 255` : `echo "${stack}"`} ;;
  "up "* | "preview "* | "refresh "* | "destroy "*) exit ${upExit} ;;
  *) exit 9 ;;
esac
`,
  );
  chmodSync(file, 0o755);
}

function scene(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "up-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const log = join(folder, "calls");
  writeFileSync(log, "");
  const type = (words: string[], env: Record<string, string> = keys) => {
    const path = [join(folder, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(":");
    const given = { PATH: path, HOME: folder, PULUMI_HOME: join(folder, "home"), NODE_OPTIONS: offline, ...env };
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...words], {
      encoding: "utf8",
      env: given,
    });
    assert.doesNotMatch(stderr, /\n {4}at /);
    return { status, text: stdout + stderr, calls: readFileSync(log, "utf8").trim().split("\n") };
  };
  const up = (args: string[] = [], env?: Record<string, string>) => type(["up", ...args], env);
  return { type, up, cli: (fake: Fake) => writeCli(join(folder, "bin/pulumi"), log, fake), folder, log };
}

test("runs pulumi up with the user's own CLI and arguments; the exit code is the CLI's", (t) => {
  const { up, cli } = scene(t);
  cli({ upExit: 7 });
  const { status, calls } = up(["--yes", "--refresh"]);
  assert.deepEqual([status, calls.at(-1)], [7, "up --yes --refresh"]);
});

test("preview, refresh and destroy go the same way; destroy refreshes unless it is told not to", (t) => {
  const { type, cli } = scene(t);
  cli({});
  const last = (...words: string[]) => type(words).calls.at(-1);
  assert.equal(last("preview", "--diff"), "preview --diff");
  assert.equal(last("refresh"), "refresh");
  assert.equal(last("destroy", "--yes"), "destroy --refresh --yes");
  assert.equal(last("destroy", "--refresh=false"), "destroy --refresh=false");
  cli({ stackError: "error: no stack selected" });
  assert.match(type(["destroy"]).text, /No stack is selected/);
  assert.match(type(["cancel"]).text, /"cancel" is none of up, preview, refresh, destroy/);
});

test("a repair looks at the cloud as well, and asks the program by the time that it is", (t) => {
  const { type, cli } = scene(t);
  cli({});
  const last = (...words: string[]) => type(words).calls.at(-1) ?? "";
  assert.match(last("up", "--yes", "--repair"), /^up --refresh --yes repair \d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.match(last("preview", "--repair"), /^preview --refresh repair /);
  assert.equal(last("destroy", "--repair"), "destroy --refresh --repair", "for the CLI to refuse");
});

test("missing keys are a warning, by name: the provider may find credentials elsewhere", (t) => {
  const { up, cli, folder } = scene(t);
  cli({});
  const { status, text, calls } = up([], { TENCENTCLOUD_SECRET_ID: "id" });
  assert.deepEqual([status, calls.at(-1)], [0, "up"]);
  assert.match(text, /^Warning: TENCENTCLOUD_SECRET_KEY is not set/);
  assert.match(text, /docs\/deploy-policy\.json/);
  assert.match(up([], {}).text, /TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set/);
  for (const name of ["PROFILE", "CAM_ROLE_NAME", "ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE"]) {
    assert.equal(up([], { [`TENCENTCLOUD_${name}`]: "x" }).text, "", name);
  }
  mkdirSync(join(folder, ".tccli"));
  writeFileSync(join(folder, ".tccli/default.credential"), "{}");
  assert.equal(up([], {}).text, "", "a profile of tccli");
});

test("--help asks for no keys, no stack and no plugin", (t) => {
  const { up, cli } = scene(t);
  cli({ stackError: "error: no stack selected", plugins: [], installFails: true });
  const { status, text, calls } = up(["--help"], {});
  assert.deepEqual([status, text, calls], [0, "", ["version", "up --help"]]);
});

test("the project of another folder is asked for its stack", (t) => {
  const { up, cli } = scene(t);
  cli({});
  for (const args of [["-C", "/there"], ["--cwd=/there"]]) {
    const { calls } = up(args);
    assert.ok(calls.includes(`stack --show-name --non-interactive ${args.join(" ")}`), calls.join("\n"));
  }
});

test("without a CLI and without the internet: what is missing and how to get it", (t) => {
  const { status, text } = scene(t).up();
  assert.equal(status, 1);
  assert.match(text, /no internet/);
  assert.match(
    text,
    /no Pulumi CLI on this machine, and it could not be fetched[\s\S]*pulumi\.com\/docs\/iac\/download-install/,
  );
  assert.match(text, /npm run lab/);
});

test("without a CLI npm's launcher brings its own, and the hints name it", (t) => {
  const { up, folder, log } = scene(t);
  const file = new URL("../../../node_modules/pulumi/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  const cached = join(folder, "home/versions", version, "bin/pulumi");
  writeCli(cached, log, { version: `=== Installed 1.0 ===\n${version}` });
  assert.equal(up().calls.at(-1), "up");
  writeCli(cached, log, { stackError: "error: no stack selected" });
  assert.match(up().text, /npx pulumi stack init prod/);
});

test("a CLI that is too old is refused with both versions", (t) => {
  const { up, cli } = scene(t);
  cli({ version: "v3.207.1" });
  const { status, text } = up();
  assert.equal(status, 1);
  assert.match(text, /pulumi is v3\.207\.1; needed is 3\.208 or newer/);
});

test("no stack, and no login: each with what to do", (t) => {
  const { up, cli } = scene(t);
  cli({ stackError: "error: no stack selected; please use pulumi stack select" });
  const none = up();
  assert.equal(none.status, 1);
  assert.match(none.text, /No stack is selected[\s\S]*pulumi stack init prod/);
  assert.ok(!none.calls.some((call) => call.startsWith("up")));
  assert.equal(up(["--stack=dev"]).calls.at(-1), "up --stack=dev", "a stack that is named needs no selection");
  cli({ stackError: "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions" });
  assert.match(up().text, /pulumi login --local/);
});

test("missing plugins are fetched in the versions of the program's packages; offline it is said which", (t) => {
  const { up, cli, folder } = scene(t);
  cli({ plugins: [{ name: "command", version: "1.2.0" }] });
  const { status, calls } = up();
  assert.equal(status, 0);
  assert.deepEqual(
    calls.filter((call) => call.startsWith("plugin install")),
    ["plugin install resource command 1.2.1", "plugin install resource terraform-provider 1.1.3"],
  );
  cli({ plugins: [], installFails: true });
  const offlineRun = up();
  assert.equal(offlineRun.status, 1);
  assert.match(
    offlineRun.text,
    /no route to host[\s\S]*plugin command 1\.2\.1 is missing[\s\S]*pulumi plugin install resource command/,
  );
  for (const { name } of allPlugins) {
    writeFileSync(join(folder, "bin", `pulumi-resource-${name}`), "#!/bin/sh\n", { mode: 0o755 });
  }
  assert.equal(up().calls.at(-1), "up", "plugins on PATH are plugins too");
});
