/** What a command that carries something out has in common with the others: its outcome, the question before, what it tells. */
import { stripVTControlCharacters } from "node:util";
import { agreed, someoneIsHere } from "../../../terminal/ask.ts";
import { folded } from "../../../terminal/fold.ts";
import { haCommand } from "../../../terminal/typed.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";

/** Exit codes; the node's own commands have the same. */
export const [done, refused, incomplete, unknown] = [0, 4, 5, 6] as const;
const results = new Map<number, string>([
  [done, "done"],
  [refused, "refused"],
  [incomplete, "incomplete"],
]);

/** Gets what is told on the way: one line or several, without what a terminal obeys. */
export type Tell = (text: string) => void;

export interface Telling {
  /** One object for a program at the end, instead of lines as they come. */
  json: boolean;
  /** What the object says beside `target`, `result`, `exitCode` and `told`. Read at the end: the work may add to it. */
  about?: object;
}

/**
 * Runs the work, and tells of it: text as it comes, or one JSON object at the end, of a refusal too. Gives the exit code.
 * @param work gives the exit code
 * @throws Refusal of the work, without `json`
 */
export async function told(
  target: Target,
  { json, about = {} }: Telling,
  work: (tell: Tell) => Promise<number>,
): Promise<number> {
  if (!json) {
    console.log(target.title);
    return work((text) => console.log(folded(text)));
  }
  const lines: string[] = [];
  const tell: Tell = (text) => lines.push(...stripVTControlCharacters(text).split("\n"));
  const exitCode = await work(tell).catch((error) => {
    if (!(error instanceof Refusal)) throw error;
    tell(error.message);
    return error.code;
  });
  const result = results.get(exitCode) ?? "unknown";
  console.log(
    JSON.stringify({ schemaVersion: 1, target: target.title, ...about, result, exitCode, told: lines }, null, 2),
  );
  return exitCode;
}

/**
 * Carries out what the nodes go on with by themselves, also without this command: who interrupts it is told so, and the exit
 * code is that of an unknown result.
 */
export async function onNodes<T>(work: () => Promise<T>): Promise<T> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const stop = () => {
    process.once("exit", () => console.error(goesOn()));
    process.exit(unknown);
  };
  // Before the listeners of others, which end the process with the signal's own code.
  for (const signal of signals) process.prependListener(signal, stop);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

const goesOn = () =>
  `Interrupted. What the nodes have begun they bring to its end, or undo, within 30 s. How it ended: ${haCommand("status")}`;

export interface Consent {
  /** Given on the command line. */
  yes: boolean;
  json: boolean;
}

/**
 * Asks whoever sits here, unless they have agreed already; a program that wants JSON is nobody who could be asked.
 * @param question gives whether they agree; without it "Go on?"
 * @throws Refusal unless they do
 */
export async function agree({ yes, json }: Consent, question = () => agreed("Go on?")): Promise<void> {
  if (yes) return;
  if (json) throw new Refusal("--json asks nobody, nothing has changed. To go on: --yes", refused);
  if (!someoneIsHere()) throw new Refusal("Nobody can be asked here, nothing has changed. To go on: --yes", refused);
  if (!(await question())) throw new Refusal("Nothing has changed.", refused);
}
