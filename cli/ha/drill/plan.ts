/** Whether a drill can begin, and what it will do. Pure: what was found and what is wished in, a plan out. */
import { type Mode, type NodeName, nodeNames } from "../../../render/model.ts";
import { fold } from "../../../terminal/fold.ts";
import { type Column, table } from "../../../terminal/table.ts";
import { haCommand } from "../../../terminal/typed.ts";
import { screenWidth } from "../../../terminal/width.ts";
import { type NodeChecks, verdictOf } from "../commands/selfTest.ts";
import { judge, type View } from "../pair/report.ts";
import { type FaultName, faultNames, faults, lacking, leaseS, movesAtMost, type Tool, tools } from "./faults.ts";
import type { Plan } from "./record.ts";

/** A node as a drill finds it. */
export interface NodeReady {
  tools: Tool[];
  /** How long the preferred node of standing-master waits before it takes the VIP back. */
  preemptDelayS: number;
  /** A fault of a drill is in force. */
  busy: boolean;
}

export interface Found {
  view: View;
  checks: Record<NodeName, NodeChecks>;
  /** Null for one that could not be asked. */
  nodes: Record<NodeName, NodeReady | null>;
  mode: Mode;
}

export interface DrillWish {
  /** In this order; null: all that are usual. */
  faults: FaultName[] | null;
  really: boolean;
  withinMs: number;
}

/** Nobody waits longer for a VIP that does not come back. */
const stopAfterS = 30;
/** What the pair may take after a fault was undone; a machine that reboots takes its time. */
const wholeWithinS = 60;
const bootS = 180;

/** What `nodeQuestion` printed. */
export function nodeReadyFrom(stdout: string): NodeReady {
  const lines = stdout.split("\n").map((line) => line.trim().split(" "));
  const said = (word: string) => lines.flatMap(([first, second = ""]) => (first === word ? [second] : []));
  const names = said("tool");
  const delayS = Number(said("preemptDelay")[0] ?? 0);
  return {
    tools: tools.filter((tool) => names.includes(tool)),
    preemptDelayS: Number.isFinite(delayS) ? delayS : 0,
    busy: said("busy").length > 0,
  };
}

/** What keeps a drill from beginning: the steady state is not there, or a node is not ready for it. */
export function inTheWay({ view, checks, nodes, mode }: Found): string[] {
  const { verdict, master, why } = judge(view);
  const away =
    mode === "standing-master" && master !== null && view.nodes[master].report?.preferred === false
      ? [`${master}, which is MASTER, is not the preferred node: ${haCommand("switchover")}`]
      : [];
  const failing = nodeNames.flatMap((node) =>
    (checks[node].checks ?? []).flatMap(({ name, result }) => (result === "pass" ? [] : [`${name} on ${node}`])),
  );
  const which = failing.length > 0 ? ` (${failing.join(", ")})` : "";
  const failed = verdictOf(checks) === 0 ? [] : [`the self-test does not pass${which}: ${haCommand("self-test")}`];
  return [
    ...(verdict === "healthy" ? [] : why.length > 0 ? why : [`the pair is ${verdict}`]),
    ...away,
    ...failed,
    ...nodeNames.flatMap((node) => {
      if (nodes[node] === null) return [`${node} could not be asked what it has for a drill`];
      return nodes[node].busy
        ? [`a fault of another drill is in force on ${node}; the node undoes it within ${leaseS} s`]
        : [];
    }),
  ];
}

/** The steady state in a line. */
function steadyOf({ view, checks }: Found): string {
  const { verdict, master } = judge(view);
  const all = nodeNames.flatMap((node) => checks[node].checks ?? []);
  const passed = all.filter(({ result }) => result === "pass").length;
  return `${verdict}, MASTER is ${master ?? "nobody"}; ${passed} of ${all.length} checks of the self-test pass`;
}

/** The plan, whatever is in the way; its steps may be none. @param clients for people */
export function planDrill(found: Found, wish: DrillWish, clients: string[]): Plan {
  const { mode, nodes } = found;
  const wanted = wish.faults ?? [...faultNames];
  const why = (fault: FaultName): string | null => {
    if (faults[fault].really && !wish.really) return "it wants --really";
    const missing = nodeNames.flatMap((node) => {
      const ready = nodes[node];
      return ready ? lacking(fault, ready.tools).map((tool) => `${node} has no ${tool}`) : [];
    });
    return missing.length > 0 ? missing.join(", ") : null;
  };
  const steps = wanted.filter((fault) => why(fault) === null);
  const returnS =
    mode === "standing-master" ? Math.max(0, ...nodeNames.map((node) => nodes[node]?.preemptDelayS ?? 0)) : 0;
  return {
    withinMs: wish.withinMs,
    wholeWithinS: (steps.includes("power") ? bootS : wholeWithinS) + returnS,
    steps: steps.map((fault) => ({
      fault,
      what: faults[fault].what("the MASTER"),
      undone: faults[fault].undone,
      movesAtMost: movesAtMost(fault, mode),
    })),
    leftOut: wanted.flatMap((fault) => {
      const reason = why(fault);
      return reason === null ? [] : [{ fault, why: reason }];
    }),
    clients,
    stopAfterS,
    leaseS,
    steady: steadyOf(found),
  };
}

/** Why it is not begun; null when it can be. */
export function refusalOf({ steps }: Plan, found: Found): string | null {
  const way = [...inTheWay(found), ...(steps.length > 0 ? [] : ["the plan is empty"])];
  return way.length === 0 ? null : `Refused, nothing has changed: ${way.join("; ")}.`;
}

/** Seconds with as many digits as they need. */
export const seconds = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;

export const moves = (count: number): string => (count === 1 ? "1 move" : `${count} moves`);

const columns: Column[] = [
  { head: "", align: "right" },
  { head: "fault" },
  { head: "what is done", wraps: true },
  { head: "costs", drop: 1 },
  { head: "undone", drop: 2 },
];

/** What is promised, in a sentence. */
export const hypothesis = ({ withinMs, wholeWithinS }: Plan): string =>
  `after each fault the VIP is answered again within ${seconds(withinMs)}, by no more moves than are named, and the pair is ` +
  `whole within ${wholeWithinS} s`;

/** The plan as the operator reads it before it is carried out. @param width of the screen; without it this terminal's */
export function drillText(plan: Plan, width: number = screenWidth()): string {
  const rows = plan.steps.map(({ fault, what, movesAtMost: most, undone }, n) => [
    String(n + 1),
    fault,
    what,
    most === 0 ? "no move" : moves(most),
    undone,
  ]);
  return [
    `Steady state: ${plan.steady}`,
    `Hypothesis:   ${hypothesis(plan)}`,
    "",
    ...(rows.length > 0 ? table(columns, rows, width) : ["  no fault"]),
    ...plan.leftOut.map(({ fault, why }) => `  -  ${fault} is left out: ${why}`),
    "",
    `Who asks:     ${plan.clients.join("; ")}`,
    `Stops:        when nobody was answered for ${plan.stopAfterS} s, or the pair is not whole in time; and by Ctrl-C`,
    `Undone:       by this command; should it or its machine be gone, by the nodes themselves after ${plan.leaseS} s`,
  ]
    .flatMap((line) => fold(line, width))
    .join("\n");
}
