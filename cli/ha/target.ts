/** Which pair is meant, and how its nodes are reached: a stack's outputs, or what a lab wrote of itself. */
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Mode, NodeName } from "../../render/model.ts";
import { onPath, pulumiLauncher } from "../onPath.ts";
import { Refusal } from "./refusal.ts";

const run = promisify(execFile);

/** A node as the program's output `nodes` shows it. */
export interface TargetNode {
  instanceId: string;
  eniId: string;
  address: string;
  publicIp: string | null;
  sshUser: string;
  /** `type base64`, null while unknown. */
  hostKey: string | null;
}

/** A command that asks the VIP as a client does and prints the name of the node that answered. */
export interface Client {
  name: string;
  argv: string[];
}

export interface Outputs {
  vip: string;
  publicIp: string | null;
  mode: Mode;
  nodes: Record<NodeName, TargetNode>;
}

/** What a lab writes to .lab/<name>/ha.json: a stack's outputs, and what only a lab has. */
export interface LabTarget extends Outputs {
  schemaVersion: 1;
  /** Private key, a file. */
  identity: string;
  /** The link into the lab's network: packets for its nodes go there or nowhere. */
  device: string;
  clients: Client[];
}

export interface Target extends Outputs {
  /** `stack prod` or `lab "lab"`: the first thing that every command says. */
  title: string;
  identity: string;
  knownHosts: string;
  device: string | null;
  clients: Client[];
}

export interface TargetOptions {
  stack?: string | undefined;
  identity?: string | undefined;
  lab?: string | undefined;
}

const project = resolve(import.meta.dirname, "../..");
const labFile = (name: string) => join(project, ".lab", name, "ha.json");

/** The stack or lab that is meant. Pulumi is asked only where a stack has been set up: its launcher may download it. */
export async function findTarget({ stack, identity, lab }: TargetOptions): Promise<Target> {
  if (stack !== undefined && lab !== undefined) throw new Refusal("--stack and --lab exclude each other.", 64);
  if (lab !== undefined) return labTarget(lab);
  const running = process.env.LAB_NAME ?? "lab";
  const anyStack = stack !== undefined || globSync(join(project, "Pulumi.*.yaml")).length > 0;
  if (!anyStack && existsSync(labFile(running))) return labTarget(running);
  if (anyStack) return stackTarget(stack, identity);
  throw new Refusal(
    'There is no pair: no stack is set up here and no lab runs. Make one with "pulumi up" or "npm run lab", or name one by --stack or --lab.',
    3,
  );
}

function labTarget(name: string): Target {
  if (!existsSync(labFile(name))) {
    throw new Refusal(`There is no pair in a lab named "${name}". Make one with: LAB_NAME=${name} npm run lab`, 3);
  }
  const found = JSON.parse(readFileSync(labFile(name), "utf8")) as LabTarget;
  return { ...found, title: `lab "${name}"`, knownHosts: knownHosts(found.nodes, temporaryFolder()) };
}

async function stackTarget(stack: string | undefined, identity: string | undefined): Promise<Target> {
  const named = stack === undefined ? [] : ["--stack", stack];
  const [outputs, privateKey] = await Promise.all([
    pulumi(["stack", "output", "--json", "--show-secrets", ...named]),
    identity === undefined ? pulumi(["config", "get", "sshPrivateKey", ...named]) : null,
  ]);
  const found = JSON.parse(outputs) as Partial<Outputs>;
  if (!found.vip || !found.nodes) {
    throw new Refusal(
      'This stack has no pair yet: its outputs "vip" and "nodes" are missing. Run "pulumi up" first.',
      3,
    );
  }
  const folder = temporaryFolder();
  return {
    ...(found as Outputs),
    title: `stack ${stack ?? "(selected)"}`,
    identity: identity ?? privateFile(folder, privateKey ?? ""),
    knownHosts: knownHosts(found.nodes, folder),
    device: null,
    clients: [],
  };
}

async function pulumi(args: string[]): Promise<string> {
  try {
    return (
      await run(onPath("pulumi") ?? pulumiLauncher, [...args, "--non-interactive"], {
        cwd: project,
        maxBuffer: 16 << 20,
      })
    ).stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    const why = code === "ENOENT" ? "the Pulumi CLI is not installed" : (stderr ?? String(error)).trim();
    throw new Refusal(`pulumi ${args[0]} ${args[1]} did not work: ${why}`, 3);
  }
}

/** A folder that only this user can read, gone when the command ends, however it ends. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "keepalived-cluster-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
  return folder;
}

function privateFile(folder: string, key: string): string {
  const file = join(folder, "identity");
  writeFileSync(file, key.endsWith("\n") ? key : `${key}\n`, { mode: 0o600 });
  return file;
}

/** The host keys that are known, as ssh reads them. */
function knownHosts(nodes: Record<NodeName, TargetNode>, folder: string): string {
  const file = join(folder, "known_hosts");
  const lines = Object.values(nodes).flatMap((node) => (node.hostKey ? [`${hostOf(node)} ${node.hostKey}\n`] : []));
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  return file;
}

/** Where ssh reaches a node. */
export const hostOf = ({ publicIp, address }: TargetNode): string => publicIp ?? address;
