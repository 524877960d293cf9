/** `npm run ha -- logs`: what both nodes' journals say of keepalived and of the service, merged by time. */
import * as z from "zod";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { folded } from "../../../terminal/fold.ts";
import { quoted } from "../../../terminal/shell.ts";
import { readAnswer } from "../pair/answer.ts";
import { fieldsText } from "../pair/events.ts";
import { askNode } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";

/** A journal of weeks is read for seconds on a slow disk. */
const limitMs = 9000;
/** Lines of a node; more is no page to read, and the answer of a node has an end. */
const most = 2000;
export const exitCodes = { both: 0, one: 1, none: 3 } as const;

/** Bytes come as numbers where a line is no text. */
const entrySchema = z.looseObject({
  __REALTIME_TIMESTAMP: z.string().regex(/^\d{1,16}$/),
  SYSLOG_IDENTIFIER: z.string().optional(),
  MESSAGE: z.union([z.string(), z.array(z.number())]).nullish(),
});

export interface Entry {
  node: NodeName;
  /** Unix microseconds. */
  atUs: number;
  /** The program that said it. */
  by: string;
  text: string;
}

/** The service's own lines are JSON: the event first, then what it says of it. */
function readable(text: string): string {
  if (!text.startsWith('{"time"')) return text;
  try {
    const { time: _, event, ...fields } = z.looseObject({ event: z.string() }).parse(readAnswer(text));
    return fieldsText(event, fields);
  } catch {
    return text;
  }
}

/** What `journalctl -o json` printed; lines that are none are left out. */
export function parseJournal(node: NodeName, stdout: string): Entry[] {
  return stdout.split("\n").flatMap((line) => {
    try {
      const {
        __REALTIME_TIMESTAMP: at,
        SYSLOG_IDENTIFIER: by = "?",
        MESSAGE: said,
      } = entrySchema.parse(readAnswer(line));
      const text = typeof said === "string" ? readable(said) : "(no text)";
      return [{ node, atUs: Number(at), by, text }];
    } catch {
      return [];
    }
  });
}

/** As wide as the longest name of a program. */
export const widthOf = (entries: Entry[]): number => Math.max(0, ...entries.map(({ by }) => by.length));

/** One line each, in their order. @param width of the column with the program's name */
export const logLines = (entries: Entry[], width: number = widthOf(entries)): string[] =>
  entries.map(
    ({ node, atUs, by, text }) => `${new Date(atUs / 1000).toISOString()}  ${node}  ${by.padEnd(width)}  ${text}`,
  );

/** Seconds of `90s`, `30m`, `2h` or `1d`. @throws Refusal with code 64 */
export function sinceFrom(given: string): number {
  const [, count = "", unit = ""] = /^([1-9]\d{0,5})([smhd])$/.exec(given) ?? [];
  if (count === "") throw new Refusal(`--since is "${given}"; it takes 90s, 30m, 2h or 1d.`, 64);
  return Number(count) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as "s" | "m" | "h" | "d"];
}

/** The question for what was said since a time, by the node's own clock, or since a cursor, a line's own name. */
export const journalOf = (since: number | string): string =>
  "journalctl --quiet --no-pager --output=json --output-fields=MESSAGE,SYSLOG_IDENTIFIER --unit='keepalived*' " +
  (typeof since === "string" ? `--after-cursor=${quoted(since)}` : `--since="@$(( $(date +%s) - ${since} ))"`);

/** What both said, the oldest first, and who could not be asked. */
export async function saidBoth(target: Target, sinceS: number): Promise<{ entries: Entry[]; problems: string[] }> {
  const question = `${journalOf(sinceS)} --lines=${most}`;
  const answers = await Promise.all(nodeNames.map((node) => askNode(target, node, question, limitMs)));
  const entries = answers.flatMap(({ stdout }, n) => parseJournal(nodeNames[n]!, stdout));
  const problems = answers.flatMap(({ code, stderr }, n) =>
    code === 0 ? [] : [`${nodeNames[n]}: ${stderr.split("\n").at(-1) || "no answer"}`],
  );
  return { entries: entries.sort((x, y) => x.atUs - y.atUs), problems };
}

/** A node that could not be asked. Pure. */
export const silentText = (problem: string): string => `${problem}; look at its machine in the console`;

/** Exit code: 0 both nodes answered, 1 one did, 3 none. */
export async function logs(target: Target, sinceS: number, { json }: { json: boolean }): Promise<number> {
  const { entries, problems } = await saidBoth(target, sinceS);
  if (json) {
    console.log(JSON.stringify({ schemaVersion: 1, target: target.title, entries, problems }, null, 2));
  } else {
    for (const line of logLines(entries)) console.log(line);
    if (entries.length === 0 && problems.length === 0) console.log(`Nothing was said. Further back: --since 1d`);
    for (const problem of problems) console.error(folded(silentText(problem)));
  }
  return codeOf(problems.length);
}

/** @param silent nodes that could not be asked */
export const codeOf = (silent: number): number =>
  silent === 0 ? exitCodes.both : silent === 1 ? exitCodes.one : exitCodes.none;
