/** The real engine: the Pulumi CLI with the real Tencent provider, against the local cloud. */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { parse, stringify } from "yaml";
import { wantedRepair } from "../../config/repair.ts";
import { type Settings, secrets } from "../command/settings.ts";
import { type LabConfig, labPaths } from "../state.ts";
import { providerCache, type RealEngine, userPulumiHome } from "./cli.ts";
import { withoutForeign } from "./environment.ts";
import { merge, type StackConfig } from "./stackConfig.ts";

const root = join(import.meta.dirname, "..", "..");

/** Everything of the stack lies here: project file, stack file, state, secrets' passphrase. */
const folderOf = (lab: string): string => join(labPaths(lab).dir, "pulumi");

/** What the lab wrote into its stack's file the last time. */
const lastFileOf = (lab: string): string => join(folderOf(lab), "configured.json");

/** Whether a stack of the real engine exists in this lab. */
export const hasPulumiStack = (lab: string): boolean => existsSync(join(folderOf(lab), "Pulumi.yaml"));

/**
 * The project as the CLI sees it: the real Pulumi.yaml, in a folder of the lab's own, so that the lab's stack never meets
 * a stack of the user's. `main` has to lie below the project file, hence the link.
 */
function layOut(folder: string): void {
  mkdirSync(join(folder, "home"), { recursive: true });
  mkdirSync(join(folder, "state"), { recursive: true });
  if (!existsSync(join(folder, "program"))) symlinkSync(root, join(folder, "program"));
  const plugins = join(userPulumiHome(), "plugins");
  if (existsSync(plugins) && !existsSync(join(folder, "home", "plugins"))) {
    symlinkSync(plugins, join(folder, "home", "plugins"));
  }
  const project = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as { main: string };
  writeFileSync(join(folder, "Pulumi.yaml"), stringify({ ...project, main: join("program", project.main) }));
  const passphrase = join(folder, "passphrase");
  if (!existsSync(passphrase)) writeFileSync(passphrase, randomBytes(24).toString("base64"), { mode: 0o600 });
}

/** A call of the CLI for this terminal, on the lab's stack unless it names another. */
export const pulumiCommand = (config: LabConfig, engine: RealEngine, args: string[]) => ({
  file: engine.file,
  args,
  options: {
    cwd: folderOf(config.name),
    env: { ...process.env, ...pulumiEnv(config, engine), PULUMI_STACK: config.name },
  },
});

/** The lab's stack with its configuration, and nothing in it. */
export async function initPulumi(config: LabConfig, engine: RealEngine, project: string, full: Settings) {
  await stackOf(config, engine);
  await configure(config, engine, project, full, []);
}

/** The environment of every call of the CLI: the lab's account, state and home. Credentials never become config. */
function pulumiEnv(config: LabConfig, engine: RealEngine): Record<string, string | undefined> {
  const folder = folderOf(config.name);
  return {
    ...withoutForeign(),
    PATH: `${dirname(engine.file)}${delimiter}${process.env.PATH ?? ""}`,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "passphrase"),
    PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR: providerCache(),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    TENCENTCLOUD_SECRET_ID: config.secretId,
    TENCENTCLOUD_SECRET_KEY: config.secretKey,
  };
}

async function stackOf(config: LabConfig, engine: RealEngine): Promise<Stack> {
  const folder = folderOf(config.name);
  layOut(folder);
  // The Automation API adds these to this process's variables; undefined takes one away, which its type does not know.
  const envVars = pulumiEnv(config, engine) as Record<string, string>;
  // It looks for the CLI on this process's own PATH.
  process.env.PATH = envVars.PATH;
  // Loaded here alone: it takes half a second, and of all the lab's commands only those of the real engine need it.
  const { LocalWorkspace } = await import("@pulumi/pulumi/automation/index.js");
  return LocalWorkspace.createOrSelectStack({ stackName: config.name, workDir: folder }, { envVars });
}

/** A value as a stack file has it: lists and objects as such, numbers and booleans too. */
function typed(text: string): unknown {
  if (!/^([[{]|(0|-?[1-9]\d*|true|false)$)/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const digest = (secret: unknown) => ({ sha256: createHash("sha256").update(String(secret)).digest("hex") });

/** The secret of a key's value, and how `pulumi config set` is told where it is. */
function partOf(key: string, value: unknown): [words: string[], secret: unknown] {
  const part = secrets[key];
  return typeof part === "string" ? [["--path", `${key}.${part}`], (value as StackConfig)[part]] : [[key], value];
}

/** A key's value with something else in the place of its secret, if it has one. */
function withoutSecret(key: string, value: unknown, other: (secret: unknown) => unknown): unknown {
  const part = secrets[key];
  if (part === undefined || value === undefined) return value;
  if (part === null) return other(value);
  const { [part]: secret, ...rest } = value as StackConfig;
  return secret === undefined ? rest : { ...rest, [part]: other(secret) };
}
const readJson = (file: string): StackConfig =>
  existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as StackConfig) : {};

/**
 * Settings as `pulumi config` keys. The API's own setter would put each value on a command line, secrets too.
 * @param named settings that this command was told
 */
async function configure(
  config: LabConfig,
  engine: RealEngine,
  project: string,
  settings: Settings,
  named: string[],
): Promise<void> {
  const folder = folderOf(config.name);
  const file = join(folder, `Pulumi.${config.name}.yaml`);
  const lastFile = lastFileOf(config.name);
  const stored = existsSync(file) ? (parse(readFileSync(file, "utf8")) as { config?: StackConfig }) : {};
  const ours: StackConfig = {
    "tencentcloud:region": config.region,
    "tencentcloud:protocol": "HTTP",
    "tencentcloud:domain": `@127.0.0.1:${config.apiPort}`,
    ...Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`${project}:${key}`, withoutSecret(key, typed(value), digest)]),
    ),
  };
  const said = named.map((key) => `${project}:${key}`);
  const wanted = merge(stored.config ?? {}, readJson(lastFile), ours, said);
  // Of a secret that is new only the digest is known here: the CLI encrypts it.
  const fresh = Object.keys(secrets).filter((key) => wanted[`${project}:${key}`] === ours[`${project}:${key}`]);
  for (const key of fresh) {
    const full = `${project}:${key}`;
    wanted[full] = withoutSecret(key, wanted[full], () => undefined);
  }
  writeFileSync(file, stringify({ ...stored, config: wanted }), { mode: 0o600 });
  for (const key of fresh) {
    const value = typed(settings[key] ?? "");
    const [words, secret] = partOf(key, value);
    if (secret) await pulumi(config, engine, ["config", "set", "--secret", ...words], String(secret));
  }
  writeFileSync(lastFile, JSON.stringify(ours), { mode: 0o600 });
}

/** One call of the CLI, with a text on its standard input. */
function pulumi(config: LabConfig, engine: RealEngine, args: string[], input: string): Promise<void> {
  const { file, args: all, options } = pulumiCommand(config, engine, [...args, "--non-interactive"]);
  const child = spawn(file, all, { ...options, stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`pulumi ${args.join(" ")}: ${said}`))));
  });
}

/**
 * A Ctrl-C reaches the CLI as well, which then ends what it has begun and keeps the state whole. Waiting for that matters:
 * the Automation API's own reaction is a second signal, on which the CLI drops everything.
 */
async function patiently<T>(run: () => Promise<T>): Promise<T> {
  const wait = () => console.log("\nWaiting for what has begun to end ...");
  process.on("SIGINT", wait);
  try {
    return await run();
  } catch {
    throw new Error("The update did not end well; see above. Mend it and run the command again: it goes on from here.");
  } finally {
    process.off("SIGINT", wait);
  }
}

const show = {
  color: "never",
  onOutput: (text: string) => void process.stdout.write(text),
  onError: (text: string) => void process.stderr.write(text),
} as const;

/** `pulumi up`, with a refresh for a repair; gives the number of resources created, changed, replaced and deleted. */
export async function upPulumi(
  config: LabConfig,
  engine: RealEngine,
  project: string,
  full: Settings,
  named: string[],
): Promise<number> {
  const stack = await stackOf(config, engine);
  await configure(config, engine, project, full, named);
  const result = await patiently(() => stack.up({ ...show, refresh: wantedRepair(process.env) !== undefined }));
  const { same = 0, ...changes } = result.summary.resourceChanges ?? {};
  return Object.values(changes).reduce((sum, count) => sum + (count ?? 0), 0);
}

/** `pulumi destroy --refresh`, and the stack itself; other stacks of the lab's folder stay. */
export async function destroyPulumi(config: LabConfig, engine: RealEngine): Promise<void> {
  const stack = await stackOf(config, engine);
  await patiently(() => stack.destroy({ ...show, refresh: true }));
  await stack.workspace.removeStack(config.name);
  // The stack's file has gone with it: beside this one a new one would count as emptied by the user.
  rmSync(lastFileOf(config.name), { force: true });
  if ((await stack.workspace.listStacks()).length > 0) return;
  rmSync(folderOf(config.name), { recursive: true, force: true });
}
