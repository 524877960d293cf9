/** One failover on a line of time: who says what, where the cloud delivers, and whether the client is answered. Pure. */
import { type Phase, phaseNames, phaseStyle } from "./phases.ts";
import { line, page, rect, text, widthOf } from "./svg.ts";

type Node = "a" | "b";

/** What was seen around one fault. Times are ms after the fault took effect. */
export interface FailoverRecord {
  /** ISO 8601. */
  date: string;
  /** failoverSpeed. */
  speed: string;
  fault: string;
  /** The node that it was done to, which was MASTER. */
  master: Node;
  advertIntervalMs: number;
  /** Adverts on the wire, by the node that sent them. */
  advertsMs: Record<Node, number[]>;
  /** The other node's first advert: it is MASTER. */
  masterMs: number;
  /** Its accepted MigratePrivateIpAddress arrives at the cloud. */
  requestMs: number;
  /** From here on the cloud delivers to it. */
  movedMs: number;
  /** A client has its first answer from it. */
  answeredMs: number;
  /** When the client asked what was answered last before. */
  lastAnsweredMs: number;
  /** How often the client asks. */
  askedEveryMs: number;
}

const [width, left, right, laneTop, lane] = [960, 130, 30, 172, 44];
const bar = 20;
const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

/** Words beside a flag on each moment, the earliest highest: no flag crosses another's words. */
const flags = (moments: { x: number; words: string }[], bottom: number): string[] =>
  moments.flatMap(({ x, words }, n) => {
    const y = bottom - 18 * (moments.length - 1 - n);
    return [
      text(Math.min(x + 6, width - right - widthOf(words)), y - 6, words),
      line(x, y - 16, x, bottom + 6, { class: "ink" }),
    ];
  });

export function failoverSvg(record: FailoverRecord): string {
  const { master, advertIntervalMs, advertsMs, masterMs, requestMs, movedMs, answeredMs, lastAnsweredMs } = record;
  const other: Node = master === "a" ? "b" : "a";
  const fromMs = -3 * advertIntervalMs - 100;
  const toMs = Math.ceil((answeredMs + 3 * advertIntervalMs) / 500) * 500;
  const x = (ms: number) => left + ((ms - fromMs) / (toMs - fromMs)) * (width - left - right);
  const y = (n: number) => laneTop + n * lane;
  const span = (n: number, from: number, to: number, name: string, title: string) =>
    rect(x(from), y(n), Math.max(1.5, x(to) - x(from)), bar, { class: name, rx: 2 }, title);
  const ticks = (n: number, node: Node) =>
    advertsMs[node]
      .filter((ms) => ms >= fromMs && ms <= toMs)
      .map((ms) => line(x(ms), y(n), x(ms), y(n) + bar, { class: "advert" }));

  const lanes = [`node ${master}`, `node ${other}`, "the cloud", "a client", "parts"];
  const names = lanes.map((name, n) => text(16, y(n) + 15, name, { class: "strong" }));
  const inside = (n: number, ms: number, words: string) => text(x(ms) + 8, y(n) + 15, words, { class: "on" });
  const parts: Record<Phase, [number, number]> = {
    detection: [0, masterMs],
    decision: [masterMs, requestMs],
    api: [requestMs, movedMs],
    network: [movedMs, answeredMs],
  };
  const bottom = y(lanes.length);
  const marks = Array.from({ length: Math.floor(toMs / 500) + 1 }, (_, n) => n * 500);
  const body = [
    text(16, 28, `A failover: ${record.fault} of the MASTER, failoverSpeed ${record.speed}`, { class: "title" }),
    text(
      16,
      48,
      `one run in the lab, ${record.date.slice(0, 10)}; ticks are VRRP adverts, one every ${advertIntervalMs / 1000} s; the client asks every ${record.askedEveryMs} ms`,
      { class: "faint" },
    ),
    ...marks.map((ms) => line(x(ms), laneTop - 6, x(ms), bottom, { class: "grid" })),
    ...marks
      .filter((ms) => ms % 1000 === 0)
      .map((ms) => text(x(ms), bottom + 18, `${ms / 1000} s`, { class: "faint", "text-anchor": "middle" })),
    ...names,
    span(0, fromMs, 0, "well", `${master} is MASTER`),
    span(0, 0, toMs, "gone", `${master} is off`),
    span(1, fromMs, masterMs, "idle", `${other} is BACKUP`),
    span(1, masterMs, toMs, "well", `${other} is MASTER`),
    span(2, fromMs, requestMs, "well", `delivers to ${master}`),
    span(2, requestMs, movedMs, "api", `moves the VIP, ${seconds(movedMs - requestMs)}`),
    span(2, movedMs, toMs, "well", `delivers to ${other}`),
    span(3, fromMs, lastAnsweredMs, "well", "answered"),
    span(3, lastAnsweredMs, answeredMs, "gone", `unanswered for ${seconds(answeredMs - lastAnsweredMs)}`),
    span(3, answeredMs, toMs, "well", "answered"),
    ...phaseNames.map((name) =>
      span(4, ...parts[name], name, `${name} ${Math.round(parts[name][1] - parts[name][0])} ms`),
    ),
    ...ticks(0, master),
    ...ticks(1, other),
    inside(0, 0, "off"),
    text(x(fromMs) + 8, y(1) + 15, "BACKUP"),
    inside(2, requestMs, `moves the VIP from ${master} to ${other}: ${seconds(movedMs - requestMs)}`),
    inside(3, lastAnsweredMs, `no answer for ${seconds(answeredMs - lastAnsweredMs)}`),
    inside(4, 0, `own: ${seconds(requestMs)}`),
    inside(4, requestMs, "the cloud's"),
    ...flags(
      [
        { x: x(0), words: `${record.fault}: silence` },
        { x: x(masterMs), words: `${other} is MASTER, ${seconds(masterMs)}` },
        { x: x(requestMs), words: `its request is accepted, ${seconds(requestMs)}` },
        { x: x(movedMs), words: `moved, ${seconds(movedMs)}` },
        { x: x(answeredMs), words: `answered, ${seconds(answeredMs)}` },
      ],
      laneTop - 6,
    ),
  ];
  const style = `.well{fill:#2a9d8f}.gone{fill:#a33b4a}.idle{fill:#8b949e;fill-opacity:.35}.advert{stroke:#fff;stroke-width:2}${phaseStyle}`;
  return page(width, bottom + 32, "A failover, from the fault to the first answer", body, style);
}
