/** Asks the chosen questions, and turns what was found into the answers' document. */
import { type Behaviour, isPlayable } from "../cloud/account/behaviour/switches.ts";
import { codeOf } from "./client.ts";
import type { Place } from "./ledger.ts";
import { needsGuest, type PointName, pointNames, points } from "./points/catalogue.ts";
import { NotAskable } from "./points/point.ts";
import type { Stage } from "./stage.ts";

/** The document that a run writes; docs/probe-cloud.md describes it. */
export interface Answers extends Place {
  schemaVersion: 1;
  /** ISO time of the end. */
  at: string;
  answers: Partial<Record<PointName, { question: string; answer: unknown; evidence: string[] }>>;
  /** The answers as switches of the local cloud. */
  behaviour: Partial<Behaviour>;
  /** Points without an answer, and why. */
  open: Record<string, string>;
}

/** The run was told to end. */
export class Interrupted extends Error {}

function found(answers: Answers, name: PointName, answer: unknown, evidence: string[]): void {
  answers.answers[name] = { question: points[name].question, answer, evidence };
  if (isPlayable(name, answer)) Object.assign(answers.behaviour, { [name]: answer });
  else answers.open[name] = `the answer ${JSON.stringify(answer)} is none that was thought possible`;
}

/** Puts the questions one by one; one that fails does not end the run. */
export async function askAll(stage: Stage, chosen: PointName[], place: Place): Promise<Answers> {
  const { say } = stage.options;
  const open: Record<string, string> = {};
  for (const name of pointNames) if (!chosen.includes(name)) open[name] = "not asked in this run";
  for (const { name, why, look } of needsGuest) open[name] = `needs a look inside a machine: ${why}. There: ${look}`;
  const answers: Answers = { schemaVersion: 1, at: "", ...place, answers: {}, behaviour: {}, open };
  for (const [index, name] of chosen.entries()) {
    const point = points[name];
    say(`[${index + 1}/${chosen.length}] ${name}: ${point.question}`);
    try {
      await stage.prepare(point.needs);
      const { answer, evidence } = await point.ask(stage);
      found(answers, name, answer, evidence);
      say(`    ${JSON.stringify(answer)}   ${evidence.at(-1) ?? ""}`);
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const code = codeOf(error);
      open[name] = error instanceof NotAskable ? message : `could not be asked: ${code ? `${code}: ` : ""}${message}`;
      say(`    no answer: ${open[name]}`);
    }
  }
  answers.at = new Date().toISOString();
  return answers;
}
