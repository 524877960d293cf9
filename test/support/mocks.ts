/**
 * Runs the program under Pulumi's mock runtime and records every resource with its inputs and options.
 * The mocks of the SDK hide the options; they are read from the registration request, by wrapping `registerResource` of the
 * monitor that `setMocks` installs. That leans on the SDK's internals: an update of @pulumi/pulumi may need a look here.
 */
import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

type Json = Record<string, unknown>;

export interface Options {
  ignoreChanges: string[];
  /** Logical names, sorted; what inputs imply is left out. */
  dependsOn: string[];
  deletedWith: string;
  replaceWith: string[];
  deleteBeforeReplace: boolean;
  additionalSecretOutputs: string[];
  protect: boolean;
  retainOnDelete: boolean;
  replaceOnChanges: string[];
  /** Names and types that the resource had before. */
  aliases: unknown[];
  /** What replaces the resource when it changes, undefined without. */
  replacementTrigger: unknown;
}

export interface Recorded {
  type: string;
  name: string;
  custom: boolean;
  /** What a stack's state knows the resource by. */
  urn: string;
  /** Logical name of the parent, "" for the stack. */
  parent: string;
  /** Inputs with secrets opened. */
  inputs: Json;
  /** Paths of the inputs that are secret. */
  secrets: string[];
  options: Options;
}

export interface Run {
  resources: Recorded[];
  /** Resources of one type (its last part, e.g. `Eni`). */
  all(kind: string): Recorded[];
  /** The only resource of a type, or the one with this logical name. */
  one(kind: string, name?: string): Recorded;
  calls: { token: string; inputs: Json }[];
  /** What the program exports, resolved. */
  outputs: Json;
  /** Which of it is secret. */
  secretOutputs: string[];
}

export interface Given {
  /** Keys of the project without namespace, others with it; values as Pulumi keeps them. */
  config: Record<string, string>;
  /** Keys that the user keeps secret, besides those that have to be. */
  secretKeys?: string[];
  stack?: string;
  /** Answers of data sources by token; one that is missing fails the run, but for the account's key pairs: there are none. */
  calls?: Record<string, (inputs: Json) => Json>;
  /** What the stack was made with, as its Stash would return it; undefined for a new stack. */
  made?: Json;
  /** What that Stash keeps as its newest input, where this run gives it none. */
  newest?: Json;
  /** The pair's name, as its Stash would return it; undefined for a new stack, and for one from before names were kept. */
  name?: string;
  /** The key that the stack has made on an earlier run, as its Stash would return it. */
  ownKey?: Json;
  /** How the machines' first logins went; undefined as they should, with the proof that is asked for. */
  firstLogin?: "without proof" | "of an older release" | undefined;
  /** Called for each resource as it is registered, for runs that don't end. */
  seen?: (resource: Recorded) => void;
}

const project = "keepalived-cluster";
const secretMark = { key: "4dabf18193072939515e22adb298388d", value: "1b47061264138c4ac30d75fd1eb44270" };

/** Opens secrets and notes where they were. */
function open(value: unknown, path: string, found: string[]): unknown {
  if (Array.isArray(value)) return value.map((item, i) => open(item, `${path}[${i}]`, found));
  if (value === null || typeof value !== "object") return value;
  const record = value as Json;
  if (record[secretMark.key] === secretMark.value) {
    found.push(path);
    return open(record.value, path, found);
  }
  return Object.fromEntries(
    Object.entries(record).map(([key, item]) => [key, open(item, path === "" ? key : `${path}.${key}`, found)]),
  );
}

/** What a Stash has kept since an earlier run. */
const keptIn = (name: string, given: Given): unknown =>
  ({ "ha-identity": given.made, "ha-key": given.ownKey, "ha-name": given.name })[name];

/** What a machine with this user data shows at its first login, and proves. */
function firstLogin(name: string, how: Given["firstLogin"], userData: unknown): Json {
  const hostKey = `ssh-ed25519 AAAA/${name.replaceAll("-", "/")}`;
  const secret = /^# first login: (.*)$/m.exec(String(userData))?.[1] ?? "";
  const proof = how === undefined ? createHmac("sha256", secret).update(hostKey).digest("hex") : "";
  const older = how === "of an older release" && { stdin: "set --" };
  return { stdout: `\nhost key: ${hostKey}\nproof: ${proof}\n`, ...older };
}

/** What the cloud would add to the inputs, one fixed value per resource. */
function outputsOf(type: string, name: string, given: Given, inputs: Json, userData: unknown): Json {
  const kind = type.split(":").at(-1) ?? "";
  const idName = `${kind.charAt(0).toLowerCase()}${kind.slice(1)}Id`;
  const more: Record<string, Json> = {
    Eni: { mac: `20:90:6F:00:00:0${name.endsWith("a") ? "A" : "B"}` },
    Eip: { publicIp: "198.51.100.9" },
    Instance: {
      privateIp: name.startsWith("ha-a") ? "10.0.1.4" : "10.0.1.5",
      publicIp: inputs.allocatePublicIp ? (name.startsWith("ha-a") ? "198.51.100.1" : "198.51.100.2") : "",
    },
    Command: { stderr: "", ...firstLogin(name, given.firstLogin, userData) },
    CamUser: { uin: 100020000001 },
    CamAccessKey: { accessKey: "AKIDtest", secretAccessKey: "TopSecret" },
    Stash: {
      output: keptIn(name, given) ?? inputs.input,
      input: (name === "ha-identity" && given.newest) || inputs.input,
    },
  };
  return { ...inputs, [idName]: `${name}-id`, ...more[kind] };
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
  getPropertydependenciesMap(): { forEach(each: (value: { getUrnsList(): string[] }) => void): void };
  getDeletedwith(): string;
  getReplaceWithList(): string[];
  getDeletebeforereplace(): boolean;
  getAdditionalsecretoutputsList(): string[];
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getReplaceonchangesList(): string[];
  getAliasesList(): { toObject(): unknown }[];
  getAliasurnsList(): string[];
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";

/** As the engine makes it: the types of all parents but the stack, which may stay unsaid, stand before the resource's own. */
function urnOf(request: Request, stack: string): string {
  const parents = request.getParent().split("::")[2] ?? "pulumi:pulumi:Stack";
  const types = parents === "pulumi:pulumi:Stack" ? request.getType() : `${parents}$${request.getType()}`;
  return `urn:pulumi:${stack}::${project}::${types}::${request.getName()}`;
}

function optionsOf(request: Request): Options {
  const implied = new Set<string>();
  request.getPropertydependenciesMap().forEach((dependency) => {
    for (const urn of dependency.getUrnsList()) implied.add(urn);
  });
  const explicit = request.getDependenciesList().filter((urn) => !implied.has(urn));
  return {
    ignoreChanges: request.getIgnorechangesList(),
    dependsOn: explicit.map(nameOf).sort(),
    deletedWith: nameOf(request.getDeletedwith()),
    replaceWith: request.getReplaceWithList().map(nameOf).sort(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    protect: request.getProtect(),
    retainOnDelete: request.getRetainondelete(),
    replaceOnChanges: request.getReplaceonchangesList(),
    aliases: [...request.getAliasurnsList(), ...request.getAliasesList().map((alias) => alias.toObject())],
    replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
  };
}

/** What an account without anything answers. */
const usual: NonNullable<Given["calls"]> = {
  "tencentcloud:index/getKeyPairs:getKeyPairs": () => ({ keyPairLists: [] }),
};

let runs = 0;

/** Runs index.ts once. Runs share the process, so they must not overlap. */
export async function runProgram(given: Given): Promise<Run> {
  const resources: Recorded[] = [];
  const calls: Run["calls"] = [];
  const stack = given.stack ?? "test";
  const requests = new Map<string, Pick<Recorded, "urn" | "parent" | "options">>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, custom }) => {
        const secrets: string[] = [];
        const opened = open(inputs, "", secrets) as Json;
        const request = requests.get(`${type}::${name}`);
        if (request && type !== "pulumi:pulumi:Stack") {
          const resource = { type, name, custom: custom === true, inputs: opened, secrets, ...request };
          resources.push(resource);
          given.seen?.(resource);
        }
        const machine = resources.find((other) => other.name === name.replace(/-host-key$/, "-instance"));
        const state = outputsOf(type, name, given, opened, machine?.inputs.userDataRaw);
        return { id: custom ? `${name}-id` : undefined, state };
      },
      call: ({ token, inputs }) => {
        const answer = given.calls?.[token] ?? usual[token];
        if (!answer) throw new Error(`The program asked for ${token}, which this test did not expect.`);
        calls.push({ token, inputs: inputs as Json });
        return answer(inputs as Json);
      },
    },
    project,
    stack,
    false,
    "organization",
  );
  const named = Object.entries(given.config).map(([key, value]) => [
    key.includes(":") ? key : `${project}:${key}`,
    value,
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(named) as Record<string, string>);
  const secretKeys = ["sshPrivateKey", ...(given.secretKeys ?? [])];
  process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(secretKeys.map((key) => `${project}:${key}`));
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource(r: Request, done: unknown): void };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) => {
    requests.set(`${request.getType()}::${request.getName()}`, {
      urn: urnOf(request, stack),
      parent: nameOf(request.getParent()),
      options: optionsOf(request),
    });
    register(request, done);
  };

  runs += 1;
  const program = (await import(`../../index.ts?run=${runs}`)) as Json;
  const outputs = await resolved(program);
  const secretOutputs: string[] = [];
  for (const [name, value] of Object.entries(program)) {
    if (pulumi.Output.isInstance(value) && (await pulumi.isSecret(value))) secretOutputs.push(name);
  }
  await settled(resources);
  const all = (kind: string) => resources.filter(({ type }) => type.split(":").at(-1) === kind);
  return {
    resources,
    calls,
    outputs,
    secretOutputs,
    all,
    one: (kind, name) => {
      const found = all(kind).filter((item) => name === undefined || item.name === name);
      const [only, ...more] = found;
      if (!only || more.length > 0) throw new Error(`${found.length} resources ${kind} ${name ?? ""}, expected one`);
      return only;
    },
  };
}

/** A module's exports, outputs included, as plain values. */
const resolved = (program: Json): Promise<Json> =>
  new Promise((resolve) => {
    pulumi.output({ ...program }).apply((values) => {
      resolve(JSON.parse(JSON.stringify(values)) as Json);
    });
  });

/** Until no resource has come for some turns of the event loop: nothing in the mocks waits for time. */
async function settled(resources: Recorded[]): Promise<void> {
  for (let quiet = 0, before = -1; quiet < 50; quiet = resources.length === before ? quiet + 1 : 0) {
    before = resources.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
