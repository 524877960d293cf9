/** What happens to pairs from minute 10 to minute 24, and which alerts fire: rules_test.yml is made of this. */
import { meanwhile, type Pair, part, type Series } from "./pairs.ts";

export interface Firing {
  alert: string;
  /** Beside alert, severity and pair. */
  labels: Record<string, string>;
  /** Minutes between which it fires; default: from the rule's `for` after the story's beginning, until its end. */
  from?: number;
  until?: number;
  /** What the description says, where that is not as for every other of its pair and node. */
  says?: string;
}

export interface Story {
  /** The pair's name. */
  name: string;
  pair: Pair;
  fires: Firing[];
}

export const [begin, end] = [10, 24];
/** Descriptions, of which the tests want every word. */
export const told: Record<string, (pair: string, labels: Record<string, string>) => string> = {
  VipNoMaster: (pair) =>
    `No node of the pair ${pair} has been MASTER for a minute: nobody serves its VIP, or nobody makes the cloud deliver it.`,
  VipTwoMasters: (pair) =>
    `Both nodes of the pair ${pair} have been MASTER for a minute: they do not hear each other. The cloud delivers the VIP to one of them.`,
  VipCloudOwnerMismatch: (pair, { node }) =>
    `Node ${node} of the pair ${pair}: role, NIC and cloud have disagreed for a minute. The VIP, or its public address, is not where the MASTER is.`,
  VipNotAnswering: (pair, { instance }) => `${instance} of the pair ${pair} has not answered for a minute.`,
  VipStandbyNotReady: (pair, { node }) => `Node ${node} of the pair ${pair} could not take the VIP over.`,
  VipAgentDown: (pair, { node }) =>
    `Node ${node} of the pair ${pair} does not answer, or its keepalived-vip.service does not run. It takes nothing over, and if it is MASTER, nothing makes the cloud follow it.`,
  VipMetricsStale: (pair, { node }) =>
    `Node ${node} of the pair ${pair} answers, but its keepalived_vip metrics are missing or have not been written for more than a minute: the other alerts cannot be trusted.`,
  VipCloudApiFailing: (pair, { node }) =>
    `Node ${node} of the pair ${pair} has got no good answer of the cloud's API for five minutes. The VIP stays where it is, and cannot be moved from there by this node.`,
};

const during = (change: Partial<Pair>, before?: Pair) => meanwhile(begin, end, change, before);
const fires = (alert: string, labels: Record<string, string> | string = {}, rest: Partial<Firing> = {}): Firing => ({
  alert,
  labels: typeof labels === "string" ? { node: labels } : labels,
  ...rest,
});
const { clock, role, gone, well, answersAs, unknown, fileless } = part;
const vipItself = { instance: "10.0.1.100:9100", job: "keepalived-vip-address" };
const itsService = { instance: "http://10.0.1.100/", job: "keepalived-vip-probe" };

const trouble = (what: string) => `keepalived_vip_trouble{what="${what}"}`;
const drained = (reason: string) => `keepalived_vip_drained{reason="${reason}"}`;
const moves = 'keepalived_vip_moves_total{trigger="keepalived"}';
const lastMove = "keepalived_vip_last_move_timestamp_seconds";
const maintenance = "keepalived_vip_maintenance_end_timestamp_seconds";
const credentials = "keepalived_vip_credentials_end_timestamp_seconds";
const lastSuccess = "keepalived_vip_last_success_timestamp_seconds";
const lastUpdate = "keepalived_vip_last_update_timestamp_seconds";
/** Becomes MASTER by a move of its own, where it was none. */
const takes: Series = { ...role("master"), [moves]: 3, [lastMove]: begin * 60, [lastSuccess]: clock };
const behind = (seconds: number) => (second: number) => second - seconds;
const aMoved = (master: string) => (pair: string) =>
  `The VIP of the pair ${pair} has moved in the last five minutes. MASTER is ${master}.`;
const moved = (pair: string, master: string, until: number, from?: number) =>
  fires("VipMoved", {}, { from, until, says: aMoved(master)(pair) });
const ready = (pair: string, why: string) =>
  fires("VipStandbyNotReady", "b", { says: `Node b of the pair ${pair} could not take the VIP over, ${why}.` });
/** A maintenance of b from minute 8 on, in which it is away meanwhile. */
const away = (until: number) =>
  during(
    { b: gone },
    meanwhile(
      8,
      until,
      { b: { ...role("fault"), [drained("maintenance")]: 1, [maintenance]: until * 60 } },
      well(true),
    ),
  );

export const stories: Story[] = [
  { name: "well", pair: well(true), fires: [] },
  // A clock that is an hour behind makes nothing old, a trouble with notifyUrl no standby unready, and the MASTER is none.
  { name: "late", pair: during({ b: { [lastUpdate]: behind(3600), node_time_seconds: behind(3600) } }), fires: [] },
  { name: "unnotified", pair: during({ b: { [trouble("notify")]: 1 } }), fires: [] },
  { name: "hooks", pair: during({ a: { [trouble("hooks")]: 1 } }), fires: [] },
  // A node's own key has no end.
  { name: "key", pair: during({ a: { [credentials]: null } }, well(true)), fires: [] },

  { name: "backups", pair: during({ a: role("backup") }), fires: [fires("VipNoMaster")] },
  {
    name: "faults",
    pair: during({ a: { ...role("fault"), [drained("health")]: 1 }, b: { ...role("fault"), [drained("health")]: 1 } }),
    fires: [fires("VipNoMaster")],
  },
  {
    name: "dark",
    pair: during({ a: gone, b: gone, vip: { ...unknown, 'keepalived_vip_build_info{node="a"}': null, up: 0 } }),
    fires: [
      fires("VipNoMaster"),
      fires("VipNotAnswering", vipItself),
      fires("VipAgentDown", "a"),
      fires("VipAgentDown", "b"),
    ],
  },
  {
    name: "asleep",
    pair: during({ a: gone, b: gone }, { a: well().a, b: well().b }),
    fires: [fires("VipNoMaster"), fires("VipAgentDown", "a"), fires("VipAgentDown", "b")],
  },
  {
    name: "failover",
    pair: during(
      { a: gone, b: takes, vip: { ...answersAs("b"), 'keepalived_vip_build_info{node="a"}': null } },
      well(true),
    ),
    fires: [
      fires("VipAgentDown", "a"),
      moved("failover", "b", 15),
      // It went back without a move that was seen: somebody else answers on the VIP.
      moved("failover", "a", 29, 24),
    ],
  },
  // BACKUP, and works: b hears a MASTER, whom only Prometheus does not see.
  {
    name: "unseen",
    pair: during({ a: gone, vip: { up: 0, 'keepalived_vip_build_info{node="a"}': null } }),
    fires: [fires("VipAgentDown", "a")],
  },
  {
    name: "unwatched",
    pair: during({
      a: { ...role("unknown"), keepalived_vip_up: 0, keepalived_vip_mismatch: 1, [lastUpdate]: begin * 60 },
    }),
    fires: [fires("VipAgentDown", "a")],
  },
  // BACKUP by its last word before keepalived hung: it hears nobody.
  {
    name: "deaf",
    pair: during({
      a: gone,
      b: { keepalived_vip_keepalived_up: 0 },
      vip: { up: 0, 'keepalived_vip_build_info{node="a"}': null },
    }),
    fires: [fires("VipNoMaster"), fires("VipNotAnswering", vipItself), fires("VipAgentDown", "a")],
  },
  // BACKUP, and may be nothing else.
  {
    name: "kept",
    pair: during({ a: gone, b: { [drained("firewall")]: 1 } }, { a: well().a, b: well().b }),
    fires: [fires("VipNoMaster"), fires("VipAgentDown", "a")],
  },
  {
    name: "partition",
    pair: during({ b: { ...role("master"), keepalived_vip_mismatch: 1 } }),
    fires: [fires("VipTwoMasters")],
  },
  {
    name: "elsewhere",
    pair: during({ a: { keepalived_vip_mismatch: 1 } }),
    fires: [fires("VipCloudOwnerMismatch", "a")],
  },
  // Nobody asks the VIP: the nodes' word has to do.
  {
    name: "unasked",
    pair: during({ a: { keepalived_vip_mismatch: 1 } }, { a: well().a, b: well().b }),
    fires: [fires("VipCloudOwnerMismatch", "a")],
  },
  { name: "unbound", pair: during({ a: { [trouble("eip")]: 1 } }), fires: [fires("VipCloudOwnerMismatch", "a")] },
  { name: "silent", pair: during({ vip: { up: 0 } }), fires: [fires("VipNotAnswering", vipItself)] },
  {
    name: "served",
    pair: during({ vip: { probe_success: 0 } }, { ...well(), vip: { ...well().vip, probe_success: 1 } }),
    fires: [fires("VipNotAnswering", itsService)],
  },

  {
    name: "stopped",
    pair: during({ b: { ...role("stop"), keepalived_vip_keepalived_up: 0 } }),
    fires: [fires("VipStandbyNotReady", "b")],
  },
  {
    name: "unhealthy",
    pair: during({ b: { ...role("fault"), [drained("health")]: 1 } }),
    fires: [ready("unhealthy", "drained by health")],
  },
  { name: "cableless", pair: during({ b: role("fault") }), fires: [fires("VipStandbyNotReady", "b")] },
  { name: "broken", pair: during({ b: { [trouble("nic")]: 1 } }), fires: [ready("broken", "nic")] },
  {
    name: "dead",
    pair: during({
      b: {
        ...role("unknown"),
        keepalived_vip_up: 0,
        keepalived_vip_keepalived_up: 0,
        [trouble("connection")]: 1,
        [trouble("credentials")]: 1,
      },
    }),
    fires: [fires("VipAgentDown", "b")],
  },
  {
    name: "alone",
    pair: during({ b: unknown }),
    fires: [fires("VipStandbyNotReady", {}, { says: "Only one node of the pair alone is known to monitoring." })],
  },

  { name: "maintained", pair: away(40), fires: [] },
  {
    name: "overdue",
    pair: away(15),
    fires: [
      fires("VipMaintenanceOverdue", "b", {
        from: 20,
        says: "The maintenance of node b of the pair overdue should have ended 8m 0s ago.",
      }),
    ],
  },

  {
    name: "old",
    pair: during({ b: { [lastUpdate]: begin * 60 } }),
    fires: [fires("VipMetricsStale", "b", { from: 13.25 })],
  },
  { name: "unlinked", pair: during({ b: fileless }), fires: [fires("VipMetricsStale", "b")] },

  { name: "offline", pair: during({ a: { [trouble("connection")]: 1 } }), fires: [fires("VipCloudApiFailing", "a")] },
  { name: "nameless", pair: during({ b: { [trouble("dns")]: 1 } }), fires: [fires("VipCloudApiFailing", "b")] },
  {
    name: "unanswered",
    pair: during({ a: { [lastSuccess]: begin * 60 } }, well(true)),
    fires: [fires("VipCloudApiFailing", "a", { from: 20.25 })],
  },
  {
    name: "expiring",
    pair: during({ a: { [credentials]: 25 * 60 } }, well(true)),
    // Less than 240 s at minute 21, and a minute of patience.
    fires: [
      fires("VipCredentialsExpiring", "a", {
        from: 22.25,
        says: "The credentials of node a of the pair expiring are good for 2m 0s, and it gets no new ones: then it can neither look at the VIP nor move it.",
      }),
    ],
  },
  {
    name: "roleless",
    pair: during({ a: { [credentials]: null, [trouble("credentials")]: 1 } }, well(true)),
    fires: [
      fires("VipCredentialsExpiring", "a", {
        says: "The credentials of node a of the pair roleless are good for 0s, and it gets no new ones: then it can neither look at the VIP nor move it.",
      }),
    ],
  },

  // A boot hid that the counter was 3 before, and not the time.
  {
    name: "booted",
    pair: meanwhile(begin, 45, { a: { [lastMove]: 600 } }, well(true)),
    fires: [moved("booted", "a", 15)],
  },
  // Moved by hand: no node has seen it.
  {
    name: "console",
    pair: meanwhile(
      begin,
      45,
      { vip: { ...answersAs("b"), 'keepalived_vip_build_info{node="a"}': null } },
      meanwhile(begin, end, { a: role("backup") }),
    ),
    fires: [fires("VipNoMaster"), moved("console", "none", 15)],
  },
  {
    name: "flapping",
    pair: {
      ...well(),
      a: { ...well().a, [moves]: (second) => Math.min(8, 2 * Math.max(0, Math.floor(second / 60) - begin + 1)) },
    },
    fires: [
      moved("flapping", "a", 18),
      fires(
        "VipFlapping",
        {},
        {
          from: 12,
          until: 26,
          says: "The VIP of the pair flapping has moved about 8 times in a quarter of an hour.",
        },
      ),
    ],
  },
];
