/** The status screen as it lives: with the last events, in the room that there is. Pure. */
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { cut, fold } from "../../../terminal/fold.ts";
import { span } from "../../../terminal/span.ts";
import type { Outputs } from "../reach/target.ts";
import { eventText, type PairEvent, stamp } from "./events.ts";
import type { NodeEvent } from "./history.ts";
import { judge, type View } from "./report.ts";
import { agreementText, eniNames, screen } from "./screen.ts";

export interface Watched {
  view: View;
  /** The oldest first. */
  events: PairEvent[];
  /** Who has been asked for a while and has not answered yet, and since when, in seconds: what is shown of it is older. */
  late: { name: string; forS: number }[];
}

export interface Room {
  /** Characters. */
  width: number;
  /** Lines. */
  height: number;
}

const eventLine = (outputs: Outputs, event: PairEvent): string =>
  `${stamp(event.time)}  ${event.node}  ${eventText(event, eniNames(outputs))}`;

/** No more lines than there is room for: events go first, then the end of the screen. */
export function watchScreen(title: string, outputs: Outputs, watched: Watched, everyS: number, room: Room): string[] {
  const { view, events, late } = watched;
  const lines = [
    `${stamp(view.at)} UTC, every ${everyS} s; Ctrl-C ends`,
    ...late.map(({ name, forS }) => `waiting for ${name} since ${span(forS)}; what is shown of it is older`),
    ...screen(title, outputs, view, room.width).split("\n"),
  ].flatMap((line) => fold(line, room.width));
  const left = room.height - lines.length - 2;
  const last = left > 0 ? events.slice(-left).reverse() : [];
  if (last.length > 0) {
    return [...lines, "", "Last events:", ...last.map((event) => cut(`  ${eventLine(outputs, event)}`, room.width))];
  }
  if (lines.length <= room.height) return lines;
  const shown = lines.slice(0, Math.max(room.height - 1, 0));
  return [...shown, cut(`… ${lines.length - shown.length} more lines`, room.width)];
}

/** The same where lines are appended: what has happened since, then how it is. @param news events that were not told yet */
export function watchLines(outputs: Outputs, { view, late }: Watched, news: PairEvent[]): string[] {
  const { verdict, agreement, why } = judge(view);
  const waits = late.map(({ name, forS }) => `waiting for ${name} since ${span(forS)}`);
  return [
    ...news.map((event) => eventLine(outputs, event)),
    `${stamp(view.at)}  -  ${[`${verdict}: ${agreementText(agreement)}`, ...waits, ...why].join("; ")}`,
  ];
}

/** What both nodes logged, merged by time. */
export const mergeEvents = (events: Record<NodeName, NodeEvent[]>): PairEvent[] =>
  nodeNames.flatMap((node) => events[node].map((event) => ({ ...event, node }))).sort((x, y) => x.time - y.time);
