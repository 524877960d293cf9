/**
 * What a drill may do to a pair, and how each is undone by the node itself. Pure: text for a node's shell out.
 *
 * A fault that lasts is made below a transient unit of systemd's, which is there first: when that ends, by itself after
 * `leaseS` or because it is stopped, systemd runs what undoes the fault. Whoever asked for it may be gone by then.
 */
import type { Mode } from "../../../render/model.ts";
import { quoted } from "../../../terminal/shell.ts";

/** On the node; another drill finds it and is refused. */
const unit = "keepalived-vip-drill.service";
/** Of the firewall, and nobody else's. */
const table = "keepalived_vip_drill";
/** So long a fault lasts at most. With keepalived's start and the cloud's move the pair is whole within a minute. */
export const leaseS = 40;

export const faultNames = [
  "switch",
  "keepalived-stop",
  "keepalived-kill",
  "service-kill",
  "partition",
  "power",
] as const;
export type FaultName = (typeof faultNames)[number];

/** Programs of a node that a drill looks for. */
export const tools = ["systemd-run", "nft", "iptables"] as const;
export type Tool = (typeof tools)[number];

export interface Fault {
  /** For people. @param node the MASTER, or a word for it */
  what(node: string): string;
  undone: string;
  /** Moves of the VIP that it may cost in mode stable. In standing-master each is followed by the return. */
  movesAtMost: number;
  /** So long it lasts at least, in seconds: what it leads to has to be seen. */
  holdS: number;
  /** On which nodes it is made: on the MASTER, or on both. A planned switch is made on neither. */
  at: "master" | "both" | "none";
  /** It lasts until it is undone; others are over by themselves. */
  lasts?: true;
  /** It may cost work of others on the machine: only where that is typed out. */
  really?: true;
  /** What a node needs for it, one of these. */
  needs: Tool[][];
}

const unitNeeds: Tool[][] = [["systemd-run"]];

export const faults: Record<FaultName, Fault> = {
  switch: {
    what: (node) => `a planned switch away from ${node}`,
    undone: "each side ends by itself within 30 s",
    movesAtMost: 1,
    holdS: 0,
    at: "none",
    needs: [],
  },
  "keepalived-stop": {
    what: (node) => `systemctl stop keepalived on ${node}`,
    undone: "the node starts it again",
    movesAtMost: 1,
    holdS: 5,
    at: "master",
    lasts: true,
    needs: unitNeeds,
  },
  "keepalived-kill": {
    what: (node) => `kill -9 of every keepalived process on ${node}`,
    undone: "systemd starts it again",
    movesAtMost: 1,
    holdS: 5,
    at: "master",
    needs: unitNeeds,
  },
  "service-kill": {
    what: (node) => `kill -9 of keepalived-vip.service on ${node}`,
    undone: "systemd starts it again",
    movesAtMost: 0,
    holdS: 5,
    at: "master",
    needs: unitNeeds,
  },
  partition: {
    what: () => "a firewall rule on both nodes drops the VRRP that they send to each other",
    undone: "each node removes its rule",
    movesAtMost: 1,
    holdS: 10,
    at: "both",
    lasts: true,
    needs: [["systemd-run"], ["nft", "iptables"]],
  },
  power: {
    what: (node) => `a forced reboot of ${node}: no process of it is told`,
    undone: "it boots",
    movesAtMost: 1,
    holdS: 0,
    at: "master",
    really: true,
    needs: [],
  },
};

/** In standing-master the VIP returns to the preferred node, by a move of its own. */
export const movesAtMost = (fault: FaultName, mode: Mode): number =>
  faults[fault].movesAtMost * (mode === "standing-master" ? 2 : 1);

/** Which tools a node lacks for a fault; empty when it can be made. */
export const lacking = (fault: FaultName, found: Tool[]): string[] =>
  faults[fault].needs.filter((any) => !any.some((tool) => found.includes(tool))).map((any) => any.join(" or "));

// A login that starts no shell of its own, by sudo too, may know no sbin.
const path = "PATH=$PATH:/usr/sbin:/sbin";
/** The moment at which the fault is made, by the node's own clock. */
const moment = "date '+at %s.%N'";

/** What is known of a node before a drill: a line for each tool, its clock, the delay of a return, and an open drill. */
export const nodeQuestion = [
  path,
  ...tools.map((tool) => `command -v ${tool} >/dev/null && echo tool ${tool}`),
  `awk '$1 == "preempt_delay" { print "preemptDelay", $2 }' /etc/keepalived/keepalived.conf`,
  `systemctl is-active --quiet ${unit} && echo busy`,
  "true",
].join("; ");

/** @param undo commands for /bin/sh, without quotes and dollars: systemd has rules of its own for them */
const arm = (undo: string): string =>
  `systemd-run --quiet --collect --unit=${unit} --description=${quoted("A fault of npm run ha -- drill; undoes it when it ends")} ` +
  `--property=${quoted(`ExecStopPost=/bin/sh -c "${undo}"`)} sleep ${leaseS}`;

const vrrp = 112;
const started = "systemctl start --no-block keepalived keepalived-vip";

/** The command that makes a fault on a node, its undoing first. @param peer the address that the other node's adverts go to */
export function make(fault: FaultName, peer: string): string {
  const doing = (undo: string, act: string) => `${path}; ${arm(undo)} && { ${moment}; ${act}; }`;
  switch (fault) {
    case "keepalived-stop":
      return doing(started, "systemctl stop keepalived");
    case "keepalived-kill":
      return doing(started, "systemctl kill -s KILL keepalived");
    case "service-kill":
      return doing(started, "systemctl kill -s KILL keepalived-vip");
    case "partition": {
      // Where it is sent, not where it arrives: a node sees what its own firewall drops, and knows that the peer lives.
      const chain = "type filter hook output priority -300;";
      const rules = `table ip ${table} { chain out { ${chain} ip daddr ${peer} ip protocol ${vrrp} drop; }; }`;
      const rule = `OUTPUT -p ${vrrp} -d ${peer} -j DROP`;
      const nft = doing(`nft delete table ip ${table}`, `echo ${quoted(rules)} | nft -f -`);
      const iptables = doing(`iptables -w -D ${rule}`, `iptables -w -I ${rule}`);
      return `${path}; if command -v nft >/dev/null; then ${nft}; else ${iptables}; fi`;
    }
    case "power":
      return `${moment}; systemctl reboot --force --force`;
    case "switch":
      throw new Error("a planned switch is no command of one node");
  }
}

/** Undoes whatever a drill has made on a node; without effect where there is nothing. */
export const undo = `systemctl stop ${unit} 2>/dev/null; true`;
