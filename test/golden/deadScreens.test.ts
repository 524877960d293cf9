/** The screens of the operator's commands where one node, or both, are dead; of a whole pair: screens.test.ts. */
import { contents } from "../../cli/ha/commands/bundle.ts";
import { historyText, silentText as silentPast } from "../../cli/ha/commands/history.ts";
import { logLines, silentText as silentLog } from "../../cli/ha/commands/logs.ts";
import { checksScreen } from "../../cli/ha/commands/selfTest.ts";
import { clientText } from "../../cli/ha/drill/clients.ts";
import { drillText, type Found, planDrill, refusalOf } from "../../cli/ha/drill/plan.ts";
import { planFailover } from "../../cli/ha/pair/failover.ts";
import { fleetScreen, worstFirst } from "../../cli/ha/pair/fleet.ts";
import { planMaintenance, planSwitch } from "../../cli/ha/pair/plan.ts";
import { screen } from "../../cli/ha/pair/screen.ts";
import { watchLines, watchScreen } from "../../cli/ha/pair/watch.ts";
import type { NodeName } from "../../render/model.ts";
import { folded } from "../../terminal/fold.ts";
import { at, lost, master, move, outputs, seen } from "../support/pairSeen.ts";
import { screenTest } from "./screens.ts";

const silence = "ssh: connect to host 203.0.113.2 port 22: Connection timed out";
const unheard = { checks: null, problem: silence };
const ok = { name: "nic", result: "pass" as const, found: "eth1 is as it should be", cure: null };
const peerless = {
  name: "peer",
  result: "fail" as const,
  found: "no advert for 90 s",
  cure: "vip.py status on the peer",
};
const ready = { tools: ["systemd-run" as const, "nft" as const], preemptDelayS: 0, busy: false };

/** a is dead, and b has taken over; or both are dead. */
const states: Record<string, Pick<Found, "view" | "checks" | "nodes"> & { dead: NodeName[] }> = {
  "one-dead": {
    dead: ["a"],
    view: seen((view) => {
      view.nodes.b = {
        report: { ...master, since: at - 31, moves: [{ ...move, from: "eni-a", to: "eni-b", startedAt: at - 31 }] },
        problem: null,
        probe: null,
      };
      lost(view, "a");
      view.nodes.a.problem = silence;
      view.clients = [{ name: "vpc", answer: "b" }];
    }),
    checks: { a: unheard, b: { checks: [ok, peerless], problem: null } },
    nodes: { a: null, b: ready },
  },
  "both-dead": {
    dead: ["a", "b"],
    view: seen((view) => {
      for (const name of ["a", "b"] as const) {
        lost(view, name);
        view.nodes[name].problem = silence;
      }
      view.clients = [{ name: "vpc", answer: "curl: (28) Connection timed out after 2001 milliseconds" }];
    }),
    checks: { a: unheard, b: unheard },
    nodes: { a: null, b: null },
  },
};

const taken = {
  startedAt: at - 31,
  ...{ from: "a", to: "b", by: "b" as const, trigger: "keepalived" },
  why: "a was no longer heard; it cannot be asked now",
  ...{ asked: "nobody" as const, askedBy: null, tookMs: 2561, phasesMs: { decision: 1, request: 60, cloud: 2500 } },
  requestId: "8ffe2759-e76b-4b19-97e8-f58801e5e086",
};
const said = [
  { node: "b" as const, time: at - 31, event: "state", fields: { state: "MASTER", trigger: "keepalived" } },
];

for (const [name, { dead, view, checks, nodes }] of Object.entries(states)) {
  const one = dead.length === 1;
  const problems = dead.map((node) => `${node}: ${silence}`);
  const watched = { view, events: one ? said : [], late: dead.map((node) => ({ name: node, forS: 3 })) };
  const refusal = (plan: object | string) => (width: number) =>
    folded(`Refused, nothing has changed: ${String(plan)}.`, width);

  screenTest(`watch-${name}`, (width) =>
    watchScreen("stack prod", outputs, watched, 2, { width, height: 30 }).join("\n"),
  );
  screenTest(`watch-lines-${name}`, (width) =>
    watchLines(outputs, watched, watched.events)
      .map((line) => folded(line, width))
      .join("\n"),
  );
  screenTest(`status-clients-${name}`, (width) => screen("stack prod", outputs, view, width));
  screenTest(`status-all-${name}`, (width) =>
    fleetScreen(worstFirst([{ title: "stack prod", vip: outputs.vip, view }]), width),
  );
  screenTest(`history-${name}`, (width) =>
    [
      historyText("stack prod", one ? [taken] : [], problems, width),
      ...problems.map((one) => silentPast(one, width)),
    ].join("\n"),
  );
  screenTest(`logs-${name}`, (width) =>
    [
      ...(one
        ? logLines([{ node: "b", atUs: at * 1e6, by: "Keepalived_vrrp", text: "(VI_1) Entering MASTER STATE" }])
        : []),
      ...problems.map(silentLog),
    ]
      .map((line) => folded(line, width))
      .join("\n"),
  );
  screenTest(`logs-bundle-${name}`, (width) =>
    folded(
      contents(
        "stack prod",
        new Date(at * 1000),
        new Map([["status.txt", "degraded"]]),
        dead.map((node) => `${node} could not be asked: ${silence}`),
      ),
      width,
    ),
  );
  screenTest(`self-test-${name}`, (width) => checksScreen("stack prod", checks, width));
  screenTest(`switchover-${name}`, refusal(planSwitch(view, undefined)));
  screenTest(`maintenance-${name}`, refusal(planMaintenance(view, "b")));
  screenTest(`failover-${name}`, refusal(planFailover(view, "b")));
  screenTest(`drill-${name}`, (width) => {
    const found = { view, checks, nodes, mode: "stable" as const };
    const wish = { faults: ["switch" as const, "power" as const], really: false, withinMs: 5000 };
    const plan = planDrill(found, wish, [clientText({ kind: "other" })]);
    return `${drillText(plan, width)}\n${folded(String(refusalOf(plan, found)), width)}`;
  });
}
