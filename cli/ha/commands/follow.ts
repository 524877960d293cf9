/** `npm run ha -- logs --follow`: what both nodes say, as they say it; one that is gone is asked again and again, of a lab for as long as that runs. */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { readAnswer } from "../pair/answer.ts";
import { Merge } from "../pair/merge.ts";
import { Silence } from "../pair/silence.ts";
import { follow, isGone } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";
import { codeOf, type Entry, journalOf, logLines, parseJournal, widthOf } from "./logs.ts";

/** Longer than the way from one node is longer than that from the other. */
const holdMs = 500;
const lookMs = 100;
const interruptMs = 300;
const againMs = 2000;

const cursorSchema = z.looseObject({ __CURSOR: z.string().regex(/^[\w=;.-]{1,300}$/) });

/** By which the journal goes on after this line; null for what is none. */
function cursorOf(line: string): string | null {
  try {
    return cursorSchema.parse(readAnswer(line)).__CURSOR;
  } catch {
    return null;
  }
}

/** Ends with the process: by Ctrl-C, with the exit code of how many are heard then. */
export async function followLogs(target: Target, sinceS: number, { json }: { json: boolean }): Promise<never> {
  const heard = new Set<NodeName>();
  /** Who has neither begun nor failed yet: its past may be older than the other's. */
  const awaited = new Set<NodeName>(nodeNames);
  const merge = new Merge<Entry>(holdMs);
  const end = new AbortController();
  let width = 0;
  const tell = (isEnd = false) => {
    if (awaited.size > 0 && !isEnd) return;
    const entries = merge.take(Date.now(), isEnd);
    width = Math.max(width, widthOf(entries));
    const lines = json ? entries.map((entry) => JSON.stringify(entry)) : logLines(entries, width);
    for (const line of lines) console.log(line);
  };
  const stop = () => process.exit(codeOf(nodeNames.length - heard.size));
  // Before the listeners of others, which end the process with the signal's own code.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.prependOnceListener(signal, () => {
      end.abort();
      tell(true);
      stop();
    });
  }
  // Whoever read it has seen enough.
  process.stdout.on("error", stop);

  const listen = async (node: NodeName): Promise<void> => {
    let since: number | string = sinceS;
    const silence = new Silence();
    const say = (text: string | null) => text !== null && console.error(`${node}: ${text}`);
    for (;;) {
      const { code, stderr } = await follow(target, node, `${journalOf(since)} --follow --no-tail`, {
        signal: end.signal,
        onBegin: () => {
          say(silence.ends(performance.now()));
          heard.add(node);
          awaited.delete(node);
        },
        onLine: (line) => {
          since = cursorOf(line) ?? since;
          for (const entry of parseJournal(node, line)) merge.add(entry, Date.now());
        },
      });
      // Ctrl-C reaches ssh as well, and may end it before this process hears of it.
      await sleep(interruptMs);
      heard.delete(node);
      awaited.delete(node);
      if (await isGone(target)) {
        console.error("The lab is down: nobody is left who could say anything.");
        tell(true);
        stop();
      }
      const why = stderr.split("\n").at(-1) || `its journal ended with ${code}`;
      const again = `${why}; it is asked again every ${againMs / 1000} s`;
      say(silence.lasts(performance.now(), new Date(), again));
      await sleep(againMs);
    }
  };
  setInterval(tell, lookMs);
  return Promise.race(nodeNames.map(listen)) as Promise<never>;
}
