/**
 * npm run up [-- ARGUMENTS OF pulumi up]
 * `pulumi up` for a machine that may have nothing but npm: says what is missing before anything is made, and gets what it can.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onPath, pulumiLauncher } from "./onPath.ts";

/** A Stash, which keeps what the stack was made with, needs it. */
const oldestCli = [3, 208] as const;
const root = join(import.meta.dirname, "..");

/** An error that the user can act on. */
class UserError extends Error {}

interface Cli {
  file: string;
  /** How the user types it. */
  typed: string;
}

/** `shown`: its progress and its errors go to the terminal as they come. */
function run(cli: Cli, args: string[], shown = false): { ok: boolean; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(cli.file, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", shown ? "inherit" : "pipe"],
  });
  return { ok: status === 0, stdout: stdout ?? "", stderr: stderr ?? "" };
}

/** Keys in Pulumi's configuration would be copied into the state, so they are looked for where they should be. */
function requireKeys(): void {
  const missing = ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"].filter((name) => !process.env[name]);
  if (missing.length === 0) return;
  throw new UserError(
    `The account's keys are missing: ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not set. Nothing was done.
  export TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=...
Make them at https://console.cloud.tencent.com/cam/capi; docs/deploy-policy.json is what their account has to be allowed.`,
  );
}

/** The user's own CLI, else npm's launcher, which fetches one on first use. */
function findCli(): Cli {
  const own = onPath("pulumi");
  const cli = own ? { file: own, typed: "pulumi" } : { file: pulumiLauncher, typed: "npx pulumi" };
  if (!own) console.error("No Pulumi CLI on this machine: npm's launcher provides one, and fetches it on first use.");
  const { ok, stdout } = run(cli, ["version"], true);
  if (!ok) {
    throw new UserError(
      own
        ? `${own} does not run; see above.`
        : `There is no Pulumi CLI on this machine, and it could not be fetched; see above. Nothing was done.
Run this again where the internet can be reached, or install the CLI and put it on PATH:
https://www.pulumi.com/docs/iac/download-install/
To try the cluster without it: npm run lab`,
    );
  }
  // The launcher's installer writes here too, before the CLI says its version.
  const version = stdout.trim().split("\n").at(-1) ?? "";
  const [, major = 0, minor = 0] = (/^v?(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major < oldestCli[0] || (major === oldestCli[0] && minor < oldestCli[1])) {
    throw new UserError(
      `${cli.file} is ${version || "of no version"}; needed is ${oldestCli.join(".")} or newer: https://www.pulumi.com/docs/iac/download-install/`,
    );
  }
  return cli;
}

interface Plugin {
  name: string;
  version: string;
}

/** The plugins that the program's packages name. */
function neededPlugins(): Plugin[] {
  return ["@pulumi/command", "@pulumi/tencentcloud"].map((name) => {
    const file = join(root, "node_modules", name, "package.json");
    const { version, pulumi } = JSON.parse(readFileSync(file, "utf8")) as {
      version: string;
      pulumi?: { name?: string; version?: string };
    };
    // @pulumi/tencentcloud is Pulumi's terraform-provider with Tencent's own provider as a parameter.
    return { name: pulumi?.name ?? name.replace("@pulumi/", ""), version: pulumi?.version ?? version };
  });
}

function ensurePlugins(cli: Cli): void {
  const listed = run(cli, ["plugin", "ls", "--json"]);
  const present = listed.ok ? (JSON.parse(listed.stdout || "[]") as Partial<Plugin>[]) : [];
  for (const { name, version } of neededPlugins()) {
    const isThere = present.some((plugin) => plugin.name === name && plugin.version === version);
    if (isThere || onPath(`pulumi-resource-${name}`)) continue;
    console.error(`Fetching the plugin ${name} ${version} ...`);
    if (run(cli, ["plugin", "install", "resource", name, version], true).ok) continue;
    throw new UserError(
      `Pulumi's plugin ${name} ${version} is missing, and could not be fetched; see above. Nothing was done.
Where the internet can be reached: ${cli.typed} plugin install resource ${name} ${version}
Without it, put the plugin's pulumi-resource-${name} on PATH.`,
    );
  }
}

/** Without a stack the CLI would ask, or fail in the middle of its own words. */
function requireStack(cli: Cli, args: string[]): void {
  if (args.some((arg) => /^(-s|--stack)(=|$)/.test(arg))) return;
  const { ok, stdout, stderr } = run(cli, ["stack", "--show-name", "--non-interactive"]);
  if (ok && stdout.trim() !== "") return;
  if (/PULUMI_ACCESS_TOKEN|not logged in|pulumi login/i.test(stderr)) {
    throw new UserError(
      `Pulumi doesn't know yet where to keep the state of your stacks. Nothing was done. One of:
  ${cli.typed} login              Pulumi Cloud
  ${cli.typed} login --local      a folder of this machine, with a passphrase in PULUMI_CONFIG_PASSPHRASE`,
    );
  }
  throw new UserError(
    `No stack is selected. Nothing was done.
  ${cli.typed} stack init prod       a new one; then set what README.md's quick start sets
  ${cli.typed} stack select NAME     one that there is${/no stack selected/i.test(stderr) || stderr.trim() === "" ? "" : `\n${stderr.trim()}`}`,
  );
}

function main(args: string[]): number {
  requireKeys();
  const cli = findCli();
  requireStack(cli, args);
  ensurePlugins(cli);
  if (!existsSync(join(root, "node_modules", "@pulumi", "tencentcloud", "bin", "index.js"))) {
    throw new UserError("The SDK of the provider is not compiled: npm rebuild @pulumi/tencentcloud");
  }
  // The CLI hears Ctrl-C itself, and needs the time to end its work.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  const { status, error } = spawnSync(cli.file, ["up", ...args], { cwd: root, stdio: "inherit" });
  if (error) throw new UserError(`${cli.file}: ${error.message}`);
  return status ?? 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
