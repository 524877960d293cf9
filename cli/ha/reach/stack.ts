/** What the Pulumi CLI knows of the stack that is meant. Asks only: no stack is selected, nothing is written. */
import { delimiter, dirname } from "node:path";
import type { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { findCli, UserError } from "../../findCli.ts";
import { Refusal } from "../refusal.ts";

export interface StackFacts {
  /** As the CLI names it: `prod`, or `org/prod` in an organisation that is not the user's default. */
  name: string;
  outputs: Record<string, unknown>;
  /** The private key in the configuration, which opens the nodes of a stack without an output `access`. */
  configuredKey(): Promise<string>;
}

/**
 * @param stack its name, undefined for the one that is selected
 * @param folder where Pulumi.yaml is
 * @throws Refusal with code 3
 */
export async function readStack(stack: string | undefined, folder: string): Promise<StackFacts> {
  return refusing(async () => {
    const cli = findCli();
    // The Automation API takes the CLI that comes first on this process's own PATH.
    process.env.PATH = `${dirname(cli.file)}${delimiter}${process.env.PATH ?? ""}`;
    // Loaded here alone: it takes half a second, and a lab's pair is found without it.
    const automation = await import("@pulumi/pulumi/automation/index.js");
    const workspace = await automation.LocalWorkspace.create({ workDir: folder });
    const name = stack ?? process.env.PULUMI_STACK ?? (await selected(workspace, cli.typed));
    const found = Object.entries(await workspace.stackOutputs(name)).map(([key, { value }]) => [key, value as unknown]);
    const outputs = Object.fromEntries(found) as Record<string, unknown>;
    return { name, outputs, configuredKey: () => configuredKey(name, workspace) };
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
  try {
    return (await workspace.getConfig(name, "sshPrivateKey")).value;
  } catch (error) {
    throw new Refusal(
      `The key of the nodes is neither in the outputs of the stack ${name} nor in its configuration: ${saidBy(error)}.
Run "npm run up" once, which puts it into the outputs, or give the key's file by --identity.`,
      3,
    );
  }
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
