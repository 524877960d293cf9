/** `npm run ha -- drill`: a fault on purpose, with the consent of whoever runs the pair, and a report of what followed. */
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeNames } from "../../../render/model.ts";
import { bad, good, worse } from "../../../terminal/colours.ts";
import { messageOf } from "../../../terminal/problem.ts";
import { type ClientWish, clientsFrom, clientText } from "../drill/clients.ts";
import { type FaultName, faultNames } from "../drill/faults.ts";
import { askReady } from "../drill/node.ts";
import { type DrillWish, drillText, type Found, planDrill, refusalOf } from "../drill/plan.ts";
import type { DrillRecord, Plan } from "../drill/record.ts";
import { reportHtml, reportJson, reportMarkdown } from "../drill/report.ts";
import { runFault } from "../drill/run.ts";
import { checksOf, exitCodes, type Verdict, verdictOf, verdictOfPhase, verdictText } from "../drill/verdict.ts";
import { named, type Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { checksOn } from "./selfTest.ts";
import { look } from "./status.ts";
import { agree, refused } from "./told.ts";

export interface DrillOptions {
  run: boolean;
  yes: boolean;
  really: boolean;
  json: boolean;
  fault?: string | undefined;
  from?: string[] | undefined;
  within?: string | undefined;
  out?: string | undefined;
}

interface Wish extends DrillWish {
  run: boolean;
  yes: boolean;
  json: boolean;
  from: string[];
  /** Folder for the report; undefined: named after the time, in the user's folder. */
  out: string | undefined;
}

/** What was typed, checked before any pair is looked for. @throws Refusal with code 64 */
export function drillFrom({ fault, from = [], within = "5s", ...options }: DrillOptions): Wish {
  const [, count, unit] = /^(\d{1,3}(?:\.\d{1,3})?)(ms|s)$/.exec(within) ?? [];
  const withinMs = Number(count) * (unit === "ms" ? 1 : 1000);
  if (!(withinMs > 0)) throw new Refusal(`--within is "${within}"; it takes 5s, 2.5s or 800ms.`, 64);
  const names = fault?.split(",").filter((name) => name !== "") ?? null;
  const unknown = names?.find((name) => !faultNames.includes(name as FaultName));
  if (unknown !== undefined) {
    throw new Refusal(`--fault has "${unknown}"; the faults are ${faultNames.join(", ")}.`, 64);
  }
  return { ...options, faults: names as FaultName[] | null, from, withinMs, out: options.out };
}

/** Exit codes: 0 the hypothesis held, or the plan could be carried out; 1 it did not hold; 2 stopped; 4 refused. */
export async function drill(target: Target, wish: Wish): Promise<number> {
  const clients = clientsFrom(wish.from, target);
  const found = await find(target);
  const plan = planDrill(found, wish, clients.map(clientText));
  const refusal = refusalOf(plan, found);
  if (wish.json) {
    if (!wish.run || refusal !== null)
      console.log(JSON.stringify({ schemaVersion: 1, target: target.title, plan, refusal }, null, 2));
  } else {
    console.log(`${target.title}\n${drillText(plan)}`);
  }
  if (refusal !== null) throw new Refusal(refusal, refused);
  if (!wish.run) {
    if (!wish.json) console.log("\nNothing was done. To carry it out: the same with --run");
    return 0;
  }
  await agree(wish);
  return carryOut(target, plan, clients, wish);
}

async function find(target: Target): Promise<Found> {
  const [view, checks, ready] = await Promise.all([
    look(target),
    Promise.all(nodeNames.map((node) => checksOn(target, node))),
    Promise.all(nodeNames.map((node) => askReady(target, node))),
  ]);
  return {
    view,
    checks: { a: checks[0]!, b: checks[1]! },
    nodes: { a: ready[0]!, b: ready[1]! },
    mode: target.mode,
  };
}

/** A signal ends the drill, which undoes what it has made; a second one ends this command, and the nodes undo it. */
function abortable(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Others' end the process at once; what they would tidy up is tidied up at its end.
    process.removeAllListeners(signal);
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(exitCodes.stopped);
      ending.abort(signal === "SIGINT" ? "by Ctrl-C" : `by ${signal}`);
    });
  }
  return ending.signal;
}

const colours: Record<Verdict, (text: string) => string> = { held: good, "not held": bad, stopped: worse };
/** drill-20270115-080000 */
const folderName = (at: Date): string =>
  `drill-${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}`;

async function carryOut(target: Target, plan: Plan, clients: ClientWish[], { json, out }: Wish): Promise<number> {
  const startedMs = Date.now();
  const folder = named(out ?? folderName(new Date(startedMs)));
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new Refusal(`Refused, nothing has changed: there is no place for the report. ${messageOf(error)}`, refused);
  }
  const { title, vip, publicIp, mode } = target;
  const record: DrillRecord = {
    schemaVersion: 1,
    target: title,
    vip,
    publicIp,
    mode,
    startedAt: startedMs / 1000,
    endedAt: null,
    by: process.env.SUDO_USER ?? process.env.USER ?? `user ${process.getuid?.()}`,
    plan,
    phases: [],
    stopped: null,
  };
  const tell = (text: string) => void (json ? console.error(text) : console.log(text));
  const run = { target, plan, clients, signal: abortable(), tell };
  /** Whether it is written: a disk that is full by now is no reason to break off, nor to say nothing of what was seen. */
  const write = (): boolean => {
    const texts = { html: reportHtml(record), md: reportMarkdown(record), json: reportJson(record) };
    try {
      for (const [kind, text] of Object.entries(texts)) writeFileSync(join(folder, `report.${kind}`), text);
      return true;
    } catch (error) {
      console.error(`The report could not be written: ${messageOf(error, folder)}`);
      return false;
    }
  };
  tell("");
  for (const [n, { fault }] of plan.steps.entries()) {
    tell(`${n + 1} of ${plan.steps.length}: ${fault}`);
    try {
      const phase = await runFault(run, fault);
      record.phases.push(phase);
      record.stopped = phase.stopped;
      const verdict = verdictOfPhase(phase, plan);
      const seen = checksOf(phase, plan).map(({ found }) => found);
      tell(`  ${colours[verdict](verdict)}, on ${phase.node}: ${seen.join("; ")}`);
      // After each, for who runs it may be cut off.
      write();
      if (phase.stopped !== null || phase.wholeAt === null) break;
    } catch (error) {
      record.stopped = run.signal.aborted ? String(run.signal.reason) : messageOf(error);
      break;
    }
  }
  record.endedAt = Date.now() / 1000;
  const isWritten = write();
  const verdict = verdictOf(record);
  if (json) console.log(reportJson(record).trimEnd());
  else
    tell(
      `\n${colours[verdict](verdictText(record))}${isWritten ? `\nThe report: ${join(folder, "report.html")}` : ""}`,
    );
  return exitCodes[verdict];
}
