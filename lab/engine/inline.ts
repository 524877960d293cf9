/**
 * The stand-in engine, for machines without the Pulumi CLI: it runs the very same index.ts under Pulumi's own mock runtime
 * and carries out each resource by the table in resources/. Create, re-apply, destroy; anything else "needs the real engine".
 * Usage: node lab/engine/inline.ts up|destroy   with PULUMI_CONFIG and INLINE_ENGINE (JSON of Options) in the environment.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { connect, type Endpoint, type Json } from "./client.ts";
import { withoutKeys } from "./resources/command.ts";
import type { Resource, Tools } from "./resources/resource.ts";
import { lookUp, resources } from "./resources/table.ts";

interface Options extends Endpoint {
  project: string;
  stack: string;
  stateFile: string;
  sshKeyFile: string;
}

/** One thing that was made. `inputs` hold hashes where the program had secrets. */
interface Entry extends Json {
  type: string;
  name: string;
  id: string;
  inputs: Json;
  state: Json;
  /** Made, but the wait behind it did not end: made anew by the next run. */
  unfinished?: true;
  /** The id of what this goes away with: then nothing has to be undone. */
  deletedWith?: string;
  /** What its removal needs of what the program keeps secret, where something has to be undone. */
  removal?: Json;
  /** The program's replacement trigger: another one asks for a new resource. */
  trigger?: unknown;
}

const secretSignature = { key: "4dabf18193072939515e22adb298388d", value: "1b47061264138c4ac30d75fd1eb44270" };

/** Replaces each secret by what `how` makes of its value. */
function secrets(value: unknown, how: (secret: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => secrets(item, how));
  if (value === null || typeof value !== "object") return value;
  const record = value as Json;
  if (record[secretSignature.key] === secretSignature.value) return how(secrets(record.value, how));
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, secrets(item, how)]));
}
const opened = (value: unknown) => secrets(value, (secret) => secret) as Json;
const hashed = (value: unknown) =>
  secrets(value, (secret) => `sha256:${createHash("sha256").update(JSON.stringify(secret)).digest("hex")}`) as Json;

/** As the engine takes inputs: what the program told it to ignore, by a path such as `input.zone`, stays as it was. */
function withKept(old: Json, now: Json, [key = "", ...rest]: string[]): Json {
  if (rest.length > 0) return { ...now, [key]: withKept((old[key] ?? {}) as Json, (now[key] ?? {}) as Json, rest) };
  const { [key]: _, ...others } = now;
  return key in old ? { ...others, [key]: old[key] } : others;
}

const options = JSON.parse(process.env.INLINE_ENGINE ?? "{}") as Options;
const verb = process.argv[2];
const entries: Entry[] = existsSync(options.stateFile)
  ? (JSON.parse(readFileSync(options.stateFile, "utf8")) as Entry[])
  : [];
const counts = { created: 0, updated: 0, deleted: 0, unchanged: 0 };
const seen = new Set<string>();
const keyOf = ({ type, name }: { type: string; name: string }) => `${type}::${name}`;
/** Terraform's `id` appears as `<resource>Id` in the SDK, besides Pulumi's own. */
const outputs = (entry: Entry, inputs: Json): Json => {
  const kind = entry.type.split(":").at(-1) ?? "";
  return { ...inputs, [`${kind.charAt(0).toLowerCase()}${kind.slice(1)}Id`]: entry.id, ...entry.state };
};
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const short = (entry: { type: string; name: string }) => `${entry.type.split(":").at(-1)} ${entry.name}`;
const tools: Tools = {
  call: connect(options),
  progress: (text) => console.log(`    ${text}`),
  sshKeyFile: options.sshKeyFile,
};

function save(): void {
  writeFileSync(`${options.stateFile}.new`, JSON.stringify(entries, null, 1), { mode: 0o600 });
  renameSync(`${options.stateFile}.new`, options.stateFile);
}

function handlerOf(entry: { type: string; name: string }): Resource {
  const handler = resources[entry.type];
  if (!handler) throw new Error(`the inline engine does not know ${entry.type}; this needs the real engine.`);
  return handler;
}

/** A command that undoes something on a machine that stays: where it is, and what it reads. */
function removalOf({ deletedWith }: Entry, { delete: undo, connection, stdin }: Json): Pick<Entry, "removal"> {
  if (undo === undefined || deletedWith !== undefined) return {};
  return { removal: { connection: withoutKeys(connection as Json, tools), stdin } };
}

async function remove(entry: Entry): Promise<void> {
  console.log(`- ${short(entry)} (${entry.id})`);
  const goesAnyway = verb === "destroy" || !entries.some(({ id }) => id === entry.deletedWith);
  if (!entry.deletedWith || !goesAnyway)
    await handlerOf(entry).remove(entry.id, { ...entry.inputs, ...entry.removal }, tools);
  entries.splice(entries.indexOf(entry), 1);
  counts.deleted += 1;
  save();
}

/** Inputs that the program told Pulumi to ignore once the resource exists, and the options that matter to removal. */
const requests = new Map<string, { ignored: string[]; deletedWith: string; trigger?: unknown }>();

/** What is being made. */
const underWay = new Set<Promise<unknown>>();
let stopped = false;

/**
 * Nothing is begun once something has failed. A failure ends the run from here: the mock runtime tells of one only by what
 * hangs on the resource, and on a node's last command nothing does (the run then ended as if all were well).
 */
async function make(args: pulumi.runtime.MockResourceArgs): Promise<{ id: string; state: Json }> {
  if (!args.custom) return { id: args.name, state: args.inputs as Json };
  if (stopped) return new Promise(() => {});
  const work = carryOut(args).finally(() => underWay.delete(work));
  underWay.add(work);
  return work.catch(async (error) => {
    await stop(`${short(args)}: ${messageOf(error)}`);
    return new Promise(() => {});
  });
}

async function carryOut(args: pulumi.runtime.MockResourceArgs): Promise<{ id: string; state: Json }> {
  const handler = handlerOf(args);
  const inputs = opened(args.inputs);
  const recorded = hashed(args.inputs);
  const { ignored = [], deletedWith = "", trigger } = requests.get(keyOf(args)) ?? {};
  seen.add(keyOf(args));
  let entry = entries.find((item) => keyOf(item) === keyOf(args));
  if (entry?.unfinished) {
    await remove(entry);
    entry = undefined;
  }
  const startedMs = Date.now();
  if (!entry) {
    const fresh: Entry = { type: args.type, name: args.name, id: "", inputs: recorded, state: {}, trigger };
    const foundation = entries.find((item) => deletedWith.endsWith(`::${item.name}`));
    if (foundation) fresh.deletedWith = foundation.id;
    const made = await handler.create(inputs, tools, (id) => {
      Object.assign(fresh, { id, unfinished: true });
      entries.push(fresh);
      save();
    });
    Object.assign(fresh, made, removalOf(fresh, inputs));
    delete fresh.unfinished;
    if (!entries.includes(fresh)) entries.push(fresh);
    counts.created += 1;
    console.log(`+ ${short(fresh)} (${fresh.id}) ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
    entry = fresh;
  } else if (entry.trigger !== trigger) {
    throw new Error("has to be replaced; the inline engine can't do that, it needs the real engine.");
  } else {
    const old = entry.inputs;
    const kept = (value: Json) => ignored.reduce((now, path) => withKept(old, now, path.split(".")), value);
    const wanted = kept(JSON.parse(JSON.stringify(recorded)) as Json);
    if (isDeepStrictEqual(old, wanted)) {
      counts.unchanged += 1;
      return { id: entry.id, state: outputs(entry, kept(inputs)) };
    }
    const changed = Object.keys(wanted).filter((key) => !isDeepStrictEqual(old[key], wanted[key]));
    if (!handler.update) {
      throw new Error(`${changed.join(", ")} changed; the inline engine can't do that, it needs the real engine.`);
    }
    const state = await handler.update(entry.id, inputs, tools);
    Object.assign(entry, { inputs: wanted, state: { ...entry.state, ...state }, ...removalOf(entry, inputs) });
    counts.updated += 1;
    console.log(`~ ${short(entry)} (${entry.id}) ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  }
  save();
  return { id: entry.id, state: outputs(entry, inputs) };
}

async function up(): Promise<void> {
  await pulumi.runtime.setMocks(
    { newResource: make, call: (args) => lookUp(args.token, opened(args.inputs), tools) },
    options.project,
    options.stack,
    false,
    "organization",
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: RegisterRequest, done: unknown): void;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) => {
    const ignored = request.getIgnorechangesList();
    const trigger = request.getReplacementTrigger()?.toJavaScript();
    requests.set(`${request.getType()}::${request.getName()}`, {
      ignored,
      deletedWith: request.getDeletedwith(),
      trigger,
    });
    register(request, done);
  };
  // The mock runtime's own end does not wait for what hangs on outputs; the program's outputs do.
  const program = { ...((await import("../../index.ts")) as Json) };
  await new Promise<void>((done) => void pulumi.output(program).apply(() => done()));
  await pulumi.runtime.disconnect();
  for (const entry of [...entries].reverse()) if (!seen.has(keyOf(entry))) await remove(entry);
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getIgnorechangesList(): string[];
  getDeletedwith(): string;
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
}

/**
 * Tells the first error, and ends when all that is under way is made and recorded: what the cloud makes for a process that
 * has gone is in no record, and in the way of the next run.
 */
async function stop(error: unknown): Promise<void> {
  if (stopped) return;
  stopped = true;
  console.error(`\n${messageOf(error).replace(/^(?:.*error serializing property "[^"]*": ?)+/s, "")}`);
  await Promise.allSettled(underWay);
  process.exit(1);
}
process.on("unhandledRejection", stop);
process.on("uncaughtException", stop);

if (verb === "destroy") {
  for (const entry of [...entries].reverse()) await remove(entry);
  rmSync(options.stateFile, { force: true });
} else {
  await up();
}
console.log(
  `${counts.created} created, ${counts.updated} changed, ${counts.deleted} deleted, ${counts.unchanged} unchanged`,
);
process.exit(0);
