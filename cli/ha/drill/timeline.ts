/** A fault and what followed as a picture: a strip for each client, for the cloud, and for each node. Pure. */
import { type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import type { Phase } from "./record.ts";

/** A part of a strip; places are percents of the width, so that text keeps its size on any screen. */
export interface Part {
  x: string;
  width: string;
  /** A class of the page's style. */
  kind: string;
  /** What it says when it is pointed at. */
  title: string;
}

export interface Strip {
  label: string;
  parts: Part[];
  /** Places in pixels, from the top. */
  labelY: number;
  y: number;
}

export interface Mark {
  x: string;
  /** Of the label: above the strips, or below them on the axis. */
  y: number;
  label: string;
  /** Labels at the right end are to the left of their line. */
  anchor: "start" | "middle" | "end";
  /** Pixels between line and label. */
  dx: number;
  kind: "fault" | "undone" | "tick";
}

export interface Timeline {
  height: number;
  strips: Strip[];
  marks: Mark[];
  /** Where the lines of the marks end. */
  axisY: number;
}

const [headPx, labelPx, stripPx, gapPx, axisPx] = [22, 15, 14, 8, 24];
/** What is shown before the fault and after the last that is seen, in seconds. */
const [beforeS, afterS] = [1, 3];
const tickSteps = [0.5, 1, 2, 5, 10, 20, 30, 60];
const ticksAtMost = 6;

interface Span {
  from: number;
  to: number;
  kind: string;
  title: string;
}

/** From just before the fault until all that is worth seeing has been seen: a node's long boot is none of it. */
export function windowOf({ at, undoneAt, clients, moves, wholeAt }: Phase): { from: number; to: number } {
  const gapEnds = clients.flatMap(({ gaps }) => gaps.map(({ to }) => to));
  const moveEnds = moves.map(({ startedAt, tookMs }) => startedAt + (tookMs ?? 0) / 1000);
  const last = Math.max(at + 1, undoneAt ?? at, ...gapEnds, ...moveEnds) + afterS;
  return { from: at - beforeS, to: wholeAt === null ? last : Math.min(last, Math.max(wholeAt + 1, at + 2)) };
}

/** What each instant was until the next; the last one until `to`. */
const spans = (from: number, to: number, turns: { at: number; kind: string; title: string }[]): Span[] =>
  turns.map(({ at, kind, title }, n) => ({
    from: Math.max(at, from),
    to: Math.min(turns[n + 1]?.at ?? to, to),
    kind,
    title,
  }));

/** A client: answered but for its gaps. */
function clientSpans({ from, to }: { from: number; to: number }, gaps: { from: number; to: number }[]): Span[] {
  const lost = gaps.map((gap) => ({
    ...gap,
    kind: "lost",
    title: `no answer for ${(gap.to - gap.from).toFixed(2)} s`,
  }));
  return [{ from, to, kind: "answered", title: "answered" }, ...lost];
}

/** A node's role, by what its service logged. */
function roleSpans(phase: Phase, node: NodeName, { from, to }: { from: number; to: number }): Span[] {
  const turns = phase.events.flatMap(({ node: who, time, event, fields }) => {
    const state = String(fields.state ?? "");
    return who === node && event === "state" ? [{ at: time, kind: state.toLowerCase(), title: state }] : [];
  });
  const first = node === phase.node ? "MASTER" : "BACKUP";
  return spans(from, to, [{ at: from, kind: first.toLowerCase(), title: first }, ...turns]);
}

/** To whom the cloud delivers, and when it is changing that. */
function cloudSpans(phase: Phase, { from, to }: { from: number; to: number }): Span[] {
  const turns = phase.moves.flatMap((move) => {
    const { decision = 0, request = 0 } = move.phasesMs;
    const accepted = move.startedAt + (decision + request) / 1000;
    const done = move.tookMs === null ? null : move.startedAt + move.tookMs / 1000;
    return [
      { at: accepted, kind: "moving", title: `moves to ${move.to}, ${move.requestId}` },
      ...(done === null ? [] : [{ at: done, kind: `owner-${move.to}`, title: `delivers to ${move.to}` }]),
    ];
  });
  return spans(from, to, [{ at: from, kind: `owner-${phase.node}`, title: `delivers to ${phase.node}` }, ...turns]);
}

export function timelineOf(phase: Phase): Timeline {
  const window = windowOf(phase);
  const { from, to } = window;
  const place = (at: number) => ((Math.min(Math.max(at, from), to) - from) / (to - from)) * 100;
  const percent = (share: number) => `${share.toFixed(3)}%`;
  const partsOf = (all: Span[]): Part[] =>
    all
      .filter((span) => span.to > from && span.from < to && span.to > span.from)
      .map(({ from: begin, to: end, kind, title }) => ({
        x: percent(place(begin)),
        // What is too short to be seen is still there.
        width: percent(Math.max(0.2, place(end) - place(begin))),
        kind,
        title,
      }));
  const rows: { label: string; spans: Span[] }[] = [
    ...phase.clients.map(({ name, gaps }) => ({ label: `asked by ${name}`, spans: clientSpans(window, gaps) })),
    { label: "cloud delivers to", spans: cloudSpans(phase, window) },
    ...[phase.node, peerOf(phase.node)].map((node) => ({
      label: `keepalived on ${node}`,
      spans: roleSpans(phase, node, window),
    })),
  ];
  const strips = rows.map(({ label, spans: all }, n) => {
    const top = headPx + n * (labelPx + stripPx + gapPx);
    return { label, parts: partsOf(all), labelY: top + labelPx - 4, y: top + labelPx };
  });
  const bottom = headPx + rows.length * (labelPx + stripPx + gapPx);
  const mark = (at: number, label: string, kind: Mark["kind"]): Mark => {
    const x = place(at);
    const where = { x: percent(x), label, kind };
    if (kind === "tick") return { ...where, y: bottom + 14, dx: 0, anchor: x > 95 ? "end" : "middle" };
    return { ...where, y: 12, ...(x > 70 ? { anchor: "end", dx: -4 } : { anchor: "start", dx: 4 }) };
  };
  const step =
    tickSteps.find((one) => (to - phase.at) / one <= ticksAtMost) ?? Math.ceil((to - phase.at) / ticksAtMost);
  const ticks = Array.from({ length: Math.floor((to - phase.at) / step) + 1 }, (_, n) => n * step);
  return {
    height: bottom + axisPx,
    axisY: bottom,
    strips,
    marks: [
      ...ticks.map((at) => mark(phase.at + at, `${at} s`, "tick")),
      mark(phase.at, phase.fault, "fault"),
      ...(phase.undoneAt !== null && phase.undoneAt < to ? [mark(phase.undoneAt, "undone", "undone")] : []),
    ],
  };
}

/** The names of the nodes that a legend has to explain. */
export const owners = nodeNames.map((node) => ({ kind: `owner-${node}`, label: `the cloud delivers to ${node}` }));
