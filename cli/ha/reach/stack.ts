/** What the Pulumi CLI knows of the stack that is meant. Asks only: no stack is selected, nothing is written. */
import { delimiter, dirname } from "node:path";
import type { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { upCommand } from "../../../terminal/typed.ts";
import { findCli, UserError } from "../../findCli.ts";
import { Refusal } from "../refusal.ts";
import { someAtOnce } from "./someAtOnce.ts";

export interface StackFacts {
  /** As the CLI names it: `prod`, or `org/prod` in an organisation that is not the user's default. */
  name: string;
  outputs: Record<string, unknown>;
  /** The private key in the configuration, which opens the nodes of a stack without an output `access`. */
  configuredKey(): Promise<string>;
}

/** The CLI's view of a project's folder, and how the CLI is typed here. */
async function open(folder: string): Promise<{ workspace: LocalWorkspace; typed: string }> {
  const cli = findCli();
  // The Automation API takes the CLI that comes first on this process's own PATH.
  process.env.PATH = `${dirname(cli.file)}${delimiter}${process.env.PATH ?? ""}`;
  // Loaded here alone: it takes half a second, and a lab's pair is found without it.
  const automation = await import("@pulumi/pulumi/automation/index.js");
  return { workspace: await automation.LocalWorkspace.create({ workDir: folder }), typed: cli.typed };
}

async function factsOf(workspace: LocalWorkspace, name: string): Promise<StackFacts> {
  const found = Object.entries(await workspace.stackOutputs(name)).map(([key, { value }]) => [key, value as unknown]);
  const outputs = Object.fromEntries(found) as Record<string, unknown>;
  return { name, outputs, configuredKey: () => configuredKey(name, workspace) };
}

/**
 * @param stack its name, undefined for the one that is selected
 * @param folder where Pulumi.yaml is
 * @throws Refusal with code 3
 */
export async function readStack(stack: string | undefined, folder: string): Promise<StackFacts> {
  return refusing(async () => {
    const { workspace, typed } = await open(folder);
    return factsOf(workspace, stack ?? process.env.PULUMI_STACK ?? (await selected(workspace, typed)));
  });
}

/** A stack that may have a pair, read or not: others may have made it, with a passphrase that is not known here. */
export type FoundStack =
  | { name: string; facts: StackFacts; problem: null }
  | { name: string; facts: null; problem: string };

/** Calls of the CLI at a time: each is a process that decrypts a whole state. */
const readAtOnce = 4;

/** Every stack of the backend, of other projects too: a pair's program may be in a folder of its own. @throws Refusal with code 3 */
export async function readAllStacks(folder: string): Promise<FoundStack[]> {
  return refusing(async () => {
    const { workspace } = await open(folder);
    const stacks = await workspace.listStacks({ all: true });
    return someAtOnce(readAtOnce, stacks, async ({ name }) => {
      try {
        return { name, facts: await factsOf(workspace, name), problem: null };
      } catch (error) {
        return { name, facts: null, problem: saidBy(error) };
      }
    });
  });
}

/** The stack that is selected, or the only one there is. */
async function selected(workspace: LocalWorkspace, typed: string): Promise<string> {
  const stacks = await workspace.listStacks();
  const found = stacks.find(({ current }) => current) ?? (stacks.length === 1 ? stacks[0] : undefined);
  if (found) return found.name;
  if (stacks.length === 0)
    throw new Refusal(
      `There is no stack of this project where the CLI looks (${typed} whoami -v). Make one with "npm run up", or name a lab by --lab.`,
      3,
    );
  throw new Refusal(
    `No stack is selected; there are ${stacks.map(({ name }) => name).join(", ")}. One of:\n  npm run ha -- … --stack NAME\n  ${typed} stack select NAME`,
    3,
  );
}

async function configuredKey(name: string, workspace: LocalWorkspace): Promise<string> {
  // What Pulumi.yaml has as its default is given for a key that nobody has set.
  let why = "sshPrivateKey is empty";
  try {
    const { value } = await workspace.getConfig(name, "sshPrivateKey");
    if (value !== "") return value;
  } catch (error) {
    why = saidBy(error);
  }
  throw new Refusal(
    `The key of the nodes is neither in the outputs of the stack ${name} nor in its configuration: ${why}.
Run "${upCommand()}" once, which puts it into the outputs, or give the key's file by --identity.`,
    3,
  );
}

/** What the CLI says is wrong: the lines of its errors, out of all that the Automation API quotes. */
function saidBy(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const errors = [...text.matchAll(/^ *(?:stderr: )?error: (.+)$/gm)].map(([, what]) => what);
  return [...new Set(errors)].join("; ") || (text.split("\n")[0] ?? "");
}

async function refusing<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (error instanceof UserError) throw new Refusal(error.message, 3);
    throw new Refusal(`The Pulumi CLI did not answer as it should: ${saidBy(error)}`, 3);
  }
}
