/**
 * npm run up|preview|refresh|destroy [-- ARGUMENTS OF THE CLI]
 * Pulumi's command for a machine that may have nothing but npm: says what is missing before anything is made, and gets what
 * it can. Everything else is the CLI's own: its arguments, questions and exit code.
 * up and preview also take --repair: it looks at everything in the cloud, and puts the files of both nodes in place again.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { newRepair, repairVariable } from "../config/repair.ts";
import { isSystems, messageOf } from "../terminal/problem.ts";
import { type Cli, findCli, run, UserError } from "./findCli.ts";
import { onPath } from "./onPath.ts";

const root = join(import.meta.dirname, "..");
const commands = ["up", "preview", "refresh", "destroy"];

/**
 * Where Tencent's provider looks for credentials besides the two keys (its provider.go): profiles of tccli, a machine's CAM
 * role, and roles that are assumed, by OIDC too.
 */
const otherCredentials = /^TENCENTCLOUD_(PROFILE|SHARED_CREDENTIALS_DIR|CAM_ROLE_NAME|ASSUME_ROLE_.+)$/;
const tccliProfile = join(homedir(), ".tccli", "default.credential");

/** Only a warning: what the stack's configuration or its ESC environment bring is known to nobody but the CLI. */
function warnOfCredentials(): void {
  const missing = ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"].filter((name) => !process.env[name]);
  const others = Object.keys(process.env).some((name) => otherCredentials.test(name)) || existsSync(tccliProfile);
  if (missing.length === 0 || (missing.length === 2 && others)) return;
  console.error(
    `Warning: ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not set. Going on, for the stack's configuration or an ESC environment may
bring credentials. If the provider finds none: export TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=...
Make them at https://console.cloud.tencent.com/cam/capi; docs/deploy-policy.json is what their account has to be allowed.`,
  );
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

/** `-C DIR` or `--cwd DIR`, in either way of writing: the CLI then works on the project there. */
function folderArgs(args: string[]): string[] {
  const at = args.findIndex((arg) => /^(-C|--cwd)/.test(arg));
  return at < 0 ? [] : args.slice(at, at + (/^(-C|--cwd)$/.test(args[at] ?? "") ? 2 : 1));
}

/** Without a stack the CLI would ask, or fail in the middle of its own words. */
function requireStack(cli: Cli, args: string[]): void {
  if (args.some((arg) => /^(-s|--stack(=|$))/.test(arg))) return;
  const { ok, stdout, stderr } = run(cli, ["stack", "--show-name", "--non-interactive", ...folderArgs(args)]);
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

/** What has to be there before the command can do something. */
function prepare(cli: Cli, args: string[]): void {
  warnOfCredentials();
  requireStack(cli, args);
  ensurePlugins(cli);
  if (!existsSync(join(root, "node_modules", "@pulumi", "tencentcloud", "bin", "index.js"))) {
    throw new UserError("The SDK of the provider is not compiled: npm rebuild @pulumi/tencentcloud");
  }
}

function main([command = "", ...words]: string[]): number {
  if (!commands.includes(command)) throw new UserError(`"${command}" is none of ${commands.join(", ")}.`);
  const repairs = ["up", "preview"].includes(command) && words.includes("--repair");
  const given = words.filter((word) => !repairs || word !== "--repair");
  // By its state alone a destroy waits five minutes for an instance that is gone already (docs/runbook.md).
  const refreshes = repairs || (command === "destroy" && !given.some((arg) => /^(-r|--refresh)/.test(arg)));
  const args = [command, ...(refreshes ? ["--refresh"] : []), ...given];
  const cli = findCli();
  if (!given.some((arg) => arg === "--help" || arg === "-h")) prepare(cli, given);
  // The CLI hears Ctrl-C itself, and needs the time to end its work.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  const env = repairs ? { ...process.env, [repairVariable]: newRepair() } : process.env;
  const { status, error } = spawnSync(cli.file, args, { cwd: root, stdio: "inherit", env });
  if (error) throw new UserError(messageOf(error, cli.file));
  return status ?? 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UserError || isSystems(error))) throw error;
  console.error(messageOf(error));
  process.exitCode = 1;
}
