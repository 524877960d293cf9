/** A planned switch at a time: what is one, and how one that a node keeps is told. Pure. */
import { type NodeName, nodeNames, peerOf } from "../../../render/model.ts";
import { span } from "../../../terminal/span.ts";
import type { View } from "./report.ts";

const farthestS = 7 * 86_400;
const unitsS = { s: 1, m: 60, h: 3600, d: 86_400 };
const taken = "it takes 2026-11-29T03:00:00+08:00, 03:00 for the next one here, or +2h";

/** Unix seconds of what was typed, or what is wrong with it. @param now Unix seconds */
export function momentFrom(text: string, now: number): number | string {
  const at = after(text, now) ?? nextClock(text, now) ?? isoFrom(text);
  if (at === null) return `"${text}" is no time; ${taken}`;
  if (at <= now) return `${utc(at)} has passed`;
  if (at > now + farthestS) return `${utc(at)} is more than 7 days away`;
  return at;
}

/** `+90s`, `+30m`, `+2h`, `+1d`. */
function after(text: string, now: number): number | null {
  const [, count, unit] = /^\+([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  return count && unit ? Math.round(now) + Number(count) * unitsS[unit as keyof typeof unitsS] : null;
}

/** `03:00`: the next one of this machine's clock. Null where the day has none, for the clocks are changed over it. */
function nextClock(text: string, now: number): number | null {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (!hour || !minute) return null;
  const today = new Date(now * 1000);
  for (const day of [0, 1]) {
    const when = new Date(today.getFullYear(), today.getMonth(), today.getDate() + day, Number(hour), Number(minute));
    if (when.getTime() > now * 1000) return when.getHours() === Number(hour) ? when.getTime() / 1000 : null;
  }
  return null;
}

/** With its zone: whoever reads it elsewhere must not have to guess. */
function isoFrom(text: string): number | null {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(Z|[+-]\d\d:?\d\d)$/.exec(text);
  if (!found) return null;
  const [, day, clock, seconds = ":00", zone = ""] = found;
  const ms = Date.parse(`${day}T${clock}${seconds}${zone.replace(/^(...)(\d\d)$/, "$1:$2")}`);
  // A 31st of November is taken for the 1st of December.
  const isDay = new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day ?? "");
  return Number.isNaN(ms) || !isDay ? null : ms / 1000;
}

/** As vip.py takes it. */
export const iso = (at: number): string => new Date(at * 1000).toISOString().replace(/\.\d+Z$/, "Z");
const utc = (at: number): string => iso(at).replace("T", " ").replace("Z", " UTC");

/** In UTC, and by this machine's clock where that is another zone. */
export function clockText(at: number): string {
  const when = new Date(at * 1000);
  const aheadMin = -when.getTimezoneOffset();
  if (aheadMin === 0) return utc(at);
  const here = new Date(when.getTime() + aheadMin * 60_000).toISOString().slice(0, 19).replace("T", " ");
  const two = (number: number) => String(Math.floor(number)).padStart(2, "0");
  const zone = `${aheadMin < 0 ? "-" : "+"}${two(Math.abs(aheadMin) / 60)}${two(Math.abs(aheadMin) % 60)}`;
  return `${utc(at)}, ${here} ${zone} here`;
}

/** What each node keeps. */
export const scheduledOn = (view: View) =>
  nodeNames.flatMap((node) => {
    const kept = view.nodes[node].report?.scheduled;
    return kept ? [{ node, ...kept }] : [];
  });

const inTime = (seconds: number): string => (seconds > 0 ? `in ${span(seconds)}` : "due");

/** Lines of the status: when, who asked, and why. In UTC, for it is read by colleagues elsewhere. */
export const scheduledLines = (view: View): string[] =>
  scheduledOn(view).flatMap(({ node, at, by, why }) => [
    `  ${node} hands the VIP to ${peerOf(node)} at ${utc(at)}, ${inTime(at - view.at)}`,
    `    asked for by ${by}: ${why}`,
  ]);

/** What ends with a switch that is made now. */
export const lapsing = (view: View): string[] =>
  scheduledOn(view).map(({ node, at }) => `the switch that ${node} keeps for ${utc(at)} lapses`);

/** What is promised when a node keeps one. @param now Unix seconds */
export const scheduledText = (from: NodeName, at: number, now: number): string =>
  `${from} keeps this until ${clockText(at)}, ${inTime(at - now)}. Its own clock is what counts. Should it not be MASTER then, be down, or the other node not be ready, nothing is moved, and notifyUrl is told.`;
