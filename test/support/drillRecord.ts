/** A drill as it might have gone, for tests of what is said of it. */
import type { DrillRecord, Phase, Plan } from "../../cli/ha/drill/record.ts";
import { at } from "./pairSeen.ts";

export const enis = { a: "eni-a", b: "eni-b" };

export const plan: Plan = {
  withinMs: 5000,
  wholeWithinS: 60,
  steps: [
    { fault: "keepalived-stop", what: "systemctl stop keepalived on the MASTER", undone: "the node", movesAtMost: 1 },
    { fault: "service-kill", what: "kill -9 of keepalived-vip.service", undone: "systemd", movesAtMost: 0 },
    { fault: "power", what: "a forced reboot of the MASTER", undone: "it boots", movesAtMost: 1 },
  ],
  leftOut: [{ fault: "partition", why: "a has no nft or iptables" }],
  clients: [
    "the other node, through the cloud, every 20 ms",
    "this machine, by http://203.0.113.7/health, every 50 ms",
  ],
  stopAfterS: 30,
  leaseS: 40,
  steady: "healthy, MASTER is a; 30 of 30 checks of the self-test pass",
};

const asked = { how: "by ping through the cloud", everyMs: 20, asked: 700 };
const move = {
  startedAt: at + 0.062,
  from: "a",
  to: "b",
  by: "b" as const,
  trigger: "keepalived",
  why: "keepalived was stopped on a",
  asked: "nobody" as const,
  askedBy: null,
  tookMs: 2585,
  phasesMs: { decision: 34, request: 51, cloud: 2500 },
  requestId: "8ffe2759-e76b-4b19-97e8-f58801e5e086",
};

/** A fault that cost a gap, one move, and ended well. @param gapS how long the second client had no answer */
export function phase(more: Partial<Phase> = {}, gapS = 0): Phase {
  return {
    fault: "keepalived-stop",
    what: "systemctl stop keepalived on a",
    node: "a",
    at,
    undoneAt: at + 6,
    wholeAt: at + 8.4,
    open: [],
    masterAfter: "b",
    stopped: null,
    clients: [
      { name: "node b", ...asked, answered: 700, gaps: [] },
      {
        name: "http://203.0.113.7/health",
        ...{ how: "by requests", everyMs: 50, asked: 240, answered: 230 },
        gaps: gapS === 0 ? [] : [{ from: at + 0.1, to: at + 0.1 + gapS }],
      },
    ],
    moves: [move],
    movesAtMost: 1,
    events: [
      { node: "a", time: at + 0.02, event: "state", fields: { state: "STOP", trigger: "keepalived" } },
      { node: "b", time: at + 0.06, event: "state", fields: { state: "MASTER", trigger: "keepalived" } },
      { node: "b", time: at + 0.15, event: "move-accepted", fields: { from: "eni-a", to: "eni-b" } },
      { node: "b", time: at + 2.65, event: "moved", fields: { from: "eni-a", to: "eni-b", trigger: "keepalived" } },
      { node: "a", time: at + 7.9, event: "state", fields: { state: "BACKUP", trigger: "keepalived" } },
    ],
    enis,
    silent: [],
    ...more,
  };
}

export const quiet = (more: Partial<Phase> = {}): Phase =>
  phase({
    fault: "service-kill",
    what: "kill -9 of keepalived-vip.service on b",
    node: "b",
    undoneAt: null,
    wholeAt: at + 3,
    masterAfter: "b",
    moves: [],
    movesAtMost: 0,
    events: [{ node: "b", time: at + 1.3, event: "started", fields: { version: "0.3.0", pid: 812, state: "MASTER" } }],
    ...more,
  });

/** @param phases the last of the plan is missing where there are two */
export const record = (phases: Phase[], more: Partial<DrillRecord> = {}): DrillRecord => ({
  schemaVersion: 1,
  target: "stack prod",
  vip: "10.0.1.100",
  publicIp: "203.0.113.7",
  mode: "stable",
  startedAt: at - 5,
  endedAt: at + 60,
  by: "root",
  plan,
  phases,
  stopped: null,
  ...more,
});
