/** Which pair is meant, and how its nodes are reached: a stack's outputs, or what a lab wrote of itself. */
import { accessSync, constants, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Mode, NodeName } from "../../../render/model.ts";
import { messageOf } from "../../../terminal/problem.ts";
import { hintsName, labCommand, upCommand } from "../../../terminal/typed.ts";
import { onPath } from "../../onPath.ts";
import { Refusal } from "../refusal.ts";
import { type Access, type Bastion, type SshNode, writeSshConfig } from "./sshConfig.ts";
import { readAllStacks, readStack, type StackFacts } from "./stack.ts";

/** A node as the program's output `nodes` shows it. */
export interface TargetNode extends SshNode {
  instanceId: string;
  eniId: string;
}

/** A command that asks the VIP as a client does and prints the name of the node that answered. */
export interface Client {
  name: string;
  argv: string[];
  /** Before a command that is to run where the client is, and what it knows the VIP by; a lab of an earlier state says neither. */
  inside?: string[];
  address?: string;
}

export interface Outputs {
  vip: string;
  publicIp: string | null;
  mode: Mode;
  nodes: Record<NodeName, TargetNode>;
}

/** A stack from before there were bastions says nothing of one. */
type StackOutputs = Outputs & { access?: Partial<Access> };
const noAccess: Access = { privateKey: null, agentSocketPath: null, bastion: null };

/** What a lab writes to .lab/<name>/ha.json: a stack's outputs, and what only a lab has. */
export interface LabTarget extends Outputs {
  schemaVersion: 1;
  /** Private key, a file. */
  identity: string;
  /** The link into the lab's network: packets for its nodes, or for their bastion, go there or nowhere. */
  device: string;
  /** Null where the nodes have public addresses. */
  bastion: Bastion | null;
  clients: Client[];
}

export interface Target extends Outputs {
  /** `stack prod` or `lab "lab"`: the first thing that every command says. */
  title: string;
  /** Configuration for `ssh -F`, with the hosts a and b. */
  sshConfig: string;
  /** The file with the nodes' private key, null where an agent has it. */
  identity: string | null;
  /** It is on the way, and everything takes longer; null without one. */
  bastion: Bastion | null;
  device: string | null;
  clients: Client[];
  /** Milliseconds that a login may take, of nodes that are known to live. */
  reachMs?: Partial<Record<NodeName, number>>;
}

/** The name of the pair, without what kind of pair it is: `prod` of `stack prod`. */
export const nameOf = ({ title }: Pick<Target, "title">): string => title.replace(/^\w+ "?(.*?)"?$/, "$1");

export interface TargetOptions {
  stack?: string | undefined;
  cwd?: string | undefined;
  identity?: string | undefined;
  lab?: string | undefined;
}

const project = resolve(import.meta.dirname, "../../..");
const labFile = (name: string) => join(project, ".lab", name, "ha.json");
/** A file as the user names it: npm runs its scripts in the project's folder, whatever the user's is. */
export const named = (file: string): string => resolve(process.env.INIT_CWD ?? ".", file);

/** The file that --identity names, as a path. @throws Refusal with code 64 unless this user can read it */
function keyFile(identity: string): string {
  const file = named(identity);
  try {
    if (statSync(file).isDirectory())
      throw new Refusal(`--identity is "${identity}": that is a folder; name a file.`, 64);
    accessSync(file, constants.R_OK);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(`--identity is "${identity}": ${messageOf(error)}`, 64);
  }
  return file;
}

/**
 * The stack or lab that is meant. Where no stack was set up here, a lab that runs comes first, and npm's launcher is not
 * asked: it may have to download the CLI.
 */
export async function findTarget({ stack, cwd, identity, lab }: TargetOptions): Promise<Target> {
  if (lab !== undefined && (stack ?? cwd) !== undefined) throw new Refusal("--lab excludes --stack and --cwd.", 64);
  const key = identity === undefined ? undefined : keyFile(identity);
  // What was in the environment of this command need not be in that of the next one.
  const isNamed = lab !== undefined || process.env.LAB_NAME !== undefined;
  const nameLab = (name: string) => hintsName({ identity, lab: isNamed ? name : undefined });
  if (lab !== undefined) {
    nameLab(lab);
    return labTarget(lab, key);
  }
  const folder = cwd === undefined ? project : named(cwd);
  const running = process.env.LAB_NAME ?? "lab";
  const isSetUp =
    (stack ?? cwd ?? process.env.PULUMI_STACK) !== undefined || globSync(join(folder, "Pulumi.*.yaml")).length > 0;
  if (!isSetUp && existsSync(labFile(running))) {
    nameLab(running);
    return labTarget(running, key);
  }
  hintsName({ stack: stack ?? process.env.PULUMI_STACK, cwd, identity });
  if (isSetUp || onPath("pulumi")) return stackTarget(stack, folder, key);
  throw new Refusal(
    `There is no pair: no stack is set up here and no lab runs. Make one with "npm run up" or "${labCommand()}", or name one by --stack or --lab.`,
    3,
  );
}

/** @param key a private key in the place of the lab's own */
function labTarget(name: string, key: string | undefined): Target {
  if (!existsSync(labFile(name))) {
    throw new Refusal(`There is no pair in a lab named "${name}". Make one with: ${labCommand("", name)}`, 3);
  }
  const found = JSON.parse(readFileSync(labFile(name), "utf8")) as LabTarget;
  const access: Access = { ...noAccess, bastion: found.bastion };
  const identity = key ?? found.identity;
  const { config } = writeSshConfig(found.nodes, access, temporaryFolder(), identity);
  return { ...found, identity, title: `lab "${name}"`, sshConfig: config };
}

/** A pair, or why it could not be found out how its nodes are reached. */
export type FoundPair =
  | { title: string; target: Target; problem: null }
  | { title: string; target: null; problem: string };

/**
 * The pairs of all stacks of the backend; stacks that have none are left out.
 * @throws Refusal when there is no pair at all
 */
export async function findAllTargets({ stack, cwd, identity, lab }: TargetOptions): Promise<FoundPair[]> {
  if ((stack ?? lab) !== undefined) throw new Refusal("--all excludes --stack and --lab.", 64);
  const key = identity === undefined ? undefined : keyFile(identity);
  hintsName({ cwd, identity });
  const stacks = await readAllStacks(cwd === undefined ? project : named(cwd));
  const found = stacks
    .filter(({ facts }) => facts === null || isPair(facts.outputs))
    .map(async ({ name, facts, problem }): Promise<FoundPair> => {
      const title = `stack ${name}`;
      if (facts === null) return { title, target: null, problem };
      try {
        return { title, target: await targetOf(facts, key), problem: null };
      } catch (error) {
        // Outputs of another project's, with the same names, may be anything: they are no reason to show nobody's.
        const [problem = ""] = (error as Error).message.split("\n");
        return { title, target: null, problem };
      }
    });
  if (found.length > 0) return Promise.all(found);
  throw new Refusal(`None of ${stacks.length} stacks has a pair where the CLI looks. Make one with "npm run up".`, 3);
}

const isPair = ({ vip, nodes }: Partial<StackOutputs>): boolean => !!vip && !!nodes?.a && !!nodes.b;

async function targetOf({ name, outputs, configuredKey }: StackFacts, identity: string | undefined): Promise<Target> {
  const { vip, nodes, access: kept, ...more } = outputs as unknown as StackOutputs;
  const given = kept ?? { privateKey: identity === undefined ? await configuredKey() : null };
  const access: Access = { ...noAccess, ...given };
  const ssh = writeSshConfig(nodes, access, temporaryFolder(), identity);
  return {
    ...(more as StackOutputs),
    vip,
    nodes,
    title: `stack ${name}`,
    sshConfig: ssh.config,
    identity: ssh.identity,
    bastion: access.bastion,
    device: null,
    clients: [],
  };
}

async function stackTarget(stack: string | undefined, folder: string, identity: string | undefined): Promise<Target> {
  const facts = await readStack(stack, folder);
  if (!isPair(facts.outputs)) {
    throw new Refusal(
      `The stack ${facts.name} has no pair yet: its outputs "vip" and "nodes" are missing. Run "${upCommand()}" first.`,
      3,
    );
  }
  return targetOf(facts, identity);
}

const folders: string[] = [];

/** A folder that only this user can read, gone when the command ends, however it ends. */
export function temporaryFolder(): string {
  if (folders.length === 0) {
    process.on("exit", () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
  }
  let folder: string;
  try {
    folder = mkdtempSync(join(tmpdir(), "keepalived-cluster-"));
  } catch (error) {
    throw new Refusal(messageOf(error), 3);
  }
  folders.push(folder);
  return folder;
}
