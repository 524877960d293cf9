/** A drill's record as a page and as text: what they show is made up here, how it looks is in the templates beside it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { eventText, stamp } from "../pair/events.ts";
import { askedText } from "../pair/history.ts";
import { hypothesis, moves as movesText, seconds } from "./plan.ts";
import type { DrillRecord, Phase } from "./record.ts";
import { owners, timelineOf } from "./timeline.ts";
import { checksOf, gapText, type Verdict, verdictOf, verdictOfPhase, verdictText } from "./verdict.ts";

const template = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");

/** A class of the page's style for each verdict. */
const kinds: Record<Verdict, string> = { held: "good", "not held": "bad", stopped: "worse" };

/** A number of a move's phase, for people. */
const part = (ms: number | undefined): string => (ms === undefined ? "?" : `${ms} ms`);

/** 07:59:58.250 */
const clock = (unix: number): string => new Date(unix * 1000).toISOString().slice(11, 23);
const since = (at: number, from: number): string => `${at < from ? "-" : "+"}${Math.abs(at - from).toFixed(2)} s`;

function phaseView(phase: Phase, n: number, { plan }: DrillRecord) {
  const verdict = verdictOfPhase(phase, plan);
  const { at, node, moves, wholeAt, undoneAt, masterAfter } = phase;
  const [first] = moves;
  return {
    number: n + 1,
    fault: phase.fault,
    what: phase.what,
    node,
    verdict,
    kind: kinds[verdict],
    stopped: phase.stopped,
    checks: checksOf(phase, plan).map(({ what, held, found }) => ({
      what,
      found,
      word: held ? "held" : "not held",
      kind: held ? "good" : "bad",
    })),
    timeline: timelineOf(phase),
    row: {
      unanswered: phase.clients.map((client) => `${client.name}: ${gapText(client)}`).join(", "),
      // A planned switch is detected by nobody.
      detection: first && first.trigger !== "switch" ? part(Math.round((first.startedAt - at) * 1000)) : "-",
      decision: first ? part(first.phasesMs.decision) : "-",
      request: first ? part(first.phasesMs.request) : "-",
      cloud: first ? part(first.phasesMs.cloud) : "-",
      moves: movesText(moves.length),
      whole: wholeAt === null ? "no" : seconds((wholeAt - (undoneAt ?? at)) * 1000),
      after: masterAfter ?? "nobody",
    },
    clients: phase.clients.map(({ name, how, everyMs, asked, answered }) => ({ name, how, everyMs, asked, answered })),
    moves: moves.map(({ startedAt, from, to, tookMs, trigger, why, requestId, ...move }) => ({
      when: stamp(startedAt),
      move: `${from ?? "nowhere"} -> ${to}`,
      took: tookMs === null ? "?" : seconds(tookMs),
      trigger,
      asked: askedText(move),
      why,
      requestId,
    })),
    events: phase.events.map((event) => ({
      when: clock(event.time),
      since: since(event.time, at),
      node: event.node,
      text: eventText(event, (eni) => nodeOf(eni, phase)),
    })),
    silent: phase.silent,
  };
}

/** Events name ENIs; the moves that were merged have named them after their nodes already. */
function nodeOf(eni: string | null, { enis }: Phase): string {
  return nodeNames.find((name: NodeName) => enis[name] === eni) ?? eni ?? "nowhere";
}

function viewOf(record: DrillRecord) {
  const { target, vip, publicIp, mode, startedAt, endedAt, by, plan, phases } = record;
  const verdict = verdictOf(record);
  return {
    target,
    vip: publicIp ? `${vip}, public ${publicIp}` : vip,
    mode,
    started: stamp(startedAt),
    ended: endedAt === null ? "-" : stamp(endedAt),
    by,
    verdict,
    kind: kinds[verdict],
    verdictText: verdictText(record),
    hypothesis: hypothesis(plan),
    steady: plan.steady,
    clients: plan.clients,
    stopAfterS: plan.stopAfterS,
    leaseS: plan.leaseS,
    leftOut: plan.leftOut,
    owners,
    phases: phases.map((phase, n) => phaseView(phase, n, record)),
    notBegun: plan.steps.slice(phases.length).map(({ fault }) => fault),
  };
}

/** Characters that mean something in a table of Markdown, in what nodes and users have said. */
const inMarkdown = (text: unknown): string => String(text).replace(/[\\`*_[\]<>|#]/g, "\\$&");

function rendered(name: string, record: DrillRecord, noEscape: boolean): string {
  const engine = Handlebars.create();
  engine.registerHelper("md", inMarkdown);
  return engine.compile(template(name), { strict: true, noEscape })(viewOf(record));
}

/** One file that asks no network for anything, and runs no script. */
export const reportHtml = (record: DrillRecord): string => rendered("report.html.hbs", record, false);

export const reportMarkdown = (record: DrillRecord): string => rendered("report.md.hbs", record, true);

/** For a program: all that was seen, and what follows from it. */
export const reportJson = (record: DrillRecord): string => {
  const phases = record.phases.map((phase) => ({
    verdict: verdictOfPhase(phase, record.plan),
    checks: checksOf(phase, record.plan),
    ...phase,
  }));
  const whole = { ...record, verdict: verdictOf(record), verdictText: verdictText(record), phases };
  return `${JSON.stringify(whole, null, 2)}\n`;
};
