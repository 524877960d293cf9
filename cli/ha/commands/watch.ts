/** `npm run ha -- status --watch`: the same screen alive. Each node is asked by itself, so that a dead one holds nothing up. */
import { setTimeout as sleep } from "node:timers/promises";
import { nodeNames } from "../../../render/model.ts";
import { Live } from "../../../terminal/live.ts";
import { screenHeight, screenWidth } from "../../../terminal/width.ts";
import type { PairEvent } from "../pair/events.ts";
import { pastFrom } from "../pair/history.ts";
import { exitCodes, judge } from "../pair/report.ts";
import { mergeEvents, type Watched, watchLines, watchScreen } from "../pair/watch.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { askClients, askNode, statusJson } from "./status.ts";

const lastEvents = 20;
/** Of the past, where lines are appended: who looks on a terminal sees as many as there is room for. */
const toldAtFirst = 5;
/** A login takes a second or two on a slow way; who looks each second would be told of each. */
const patienceS = 3;
const eventsOf = `cat /var/log/keepalived.log.1 /var/log/keepalived.log 2>/dev/null | grep '"event": ' | tail -n ${lastEvents}`;

/** Seconds between two looks. @throws Refusal with code 64 */
export function everyFrom(given: string): number {
  if (!/^([1-9]\d{0,2}|[1-2]\d{3}|3[0-5]\d\d|3600)$/.test(given)) {
    throw new Refusal(`--watch is "${given}"; it takes whole seconds from 1 to 3600.`, 64);
  }
  return Number(given);
}

/** Somebody who is asked again and again, but never twice at a time. */
class Asked<T> {
  readonly #question: () => Promise<T>;
  #under: { promise: Promise<void>; sinceMs: number } | null = null;
  /** The newest answer. */
  last: T | null = null;

  constructor(question: () => Promise<T>) {
    this.#question = question;
  }

  /** Resolves when the answer is there, to this question or to the one that is under way. */
  ask(): Promise<void> {
    this.#under ??= { promise: this.#answer(), sinceMs: Date.now() };
    return this.#under.promise;
  }

  async #answer(): Promise<void> {
    this.last = await this.#question();
    this.#under = null;
  }

  /** Seconds since it was asked, 0 when nothing is open. */
  get openS(): number {
    return this.#under ? (Date.now() - this.#under.sinceMs) / 1000 : 0;
  }
}

/** Ends with the process: by Ctrl-C, with the exit code of the last look. */
export async function watch(target: Target, everyS: number, { json }: { json: boolean }): Promise<never> {
  const asked = {
    a: new Asked(() => askNode(target, "a", eventsOf)),
    b: new Asked(() => askNode(target, "b", eventsOf)),
    clients: new Asked(() => askClients(target)),
  };
  /** Null until everybody has answered once, or was given up. */
  const watched = (): Watched | null => {
    const [a, b, clients] = [asked.a.last, asked.b.last, asked.clients.last];
    if (!a || !b || !clients) return null;
    return {
      view: { at: Date.now() / 1000, nodes: { a: a.view, b: b.view }, clients },
      events: mergeEvents({ a: pastFrom("", a.more).events, b: pastFrom("", b.more).events }),
      late: nodeNames.flatMap((name) => {
        const { last, openS } = asked[name];
        return openS > Math.max(everyS, patienceS) && last?.view.report ? [{ name, forS: openS }] : [];
      }),
    };
  };

  let code: number = exitCodes.unknown;
  const live = !json && process.stdout.isTTY ? new Live() : null;
  const draw = () => {
    const now = watched();
    if (now === null) return;
    code = exitCodes[judge(now.view).verdict];
    const room = { width: screenWidth(), height: screenHeight() };
    live?.draw(watchScreen(target.title, target, now, everyS, room));
  };
  // Before the listeners of others, which end the process with the signal's own code.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.prependOnceListener(signal, () => {
      live?.end();
      process.exit(code);
    });
  }
  if (live) process.stdout.on("resize", draw);
  // Whoever read it has seen enough.
  process.stdout.on("error", () => process.exit(code));

  let told: Set<string> | null = null;
  const append = () => {
    const now = watched();
    if (now === null || live) return;
    const nameOf = (event: PairEvent) => JSON.stringify(event);
    const news = told === null ? now.events.slice(-toldAtFirst) : now.events.filter((one) => !told?.has(nameOf(one)));
    told = new Set(now.events.map(nameOf));
    if (json) console.log(JSON.stringify({ ...statusJson(target, now.view), late: now.late, events: news }));
    else console.log(watchLines(target, now, news).join("\n"));
  };

  for (;;) {
    const beganMs = Date.now();
    const answers = Promise.all(Object.values(asked).map((one) => one.ask().then(draw)));
    // Nothing can be shown before the first answers; each has its deadline.
    await (watched() === null ? answers : Promise.race([answers, sleep(everyS * 1000)]));
    draw();
    append();
    await sleep(Math.max(0, beganMs + everyS * 1000 - Date.now()));
  }
}
