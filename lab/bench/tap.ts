/** What happens on the lab's router, with the kernel's times: see tap.py. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** All times are milliseconds since 1970 with a fraction, by this machine's one clock. */
export type TapEvent = { atMs: number } & (
  | { what: "ready" }
  | { what: "advert"; source: string; priority: number }
  | { what: "rules" }
  | { what: "route"; to: string }
);
export type Advert = TapEvent & { what: "advert" };

export const nowMs = () => performance.timeOrigin + performance.now();

/** A Python program inside a namespace of the lab; each line of its output goes to `onLine`. */
export function inNamespace(
  namespace: string,
  [file = "", ...args]: string[],
  onLine: (line: string) => void,
): ChildProcess {
  const argv = ["netns", "exec", namespace, "python3", "-B", file, ...args];
  const child = spawn("ip", argv, { stdio: ["pipe", "pipe", "inherit"] });
  let tail = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    const lines = (tail + chunk.toString()).split("\n");
    tail = lines.pop() ?? "";
    lines.forEach(onLine);
  });
  return child;
}

export class Tap {
  readonly events: TapEvent[] = [];
  readonly #child: ChildProcess;

  /** @param router namespace of the VPC's router */
  constructor(router: string, vip: string) {
    this.#child = inNamespace(router, [join(import.meta.dirname, "tap.py"), vip], (line) =>
      this.events.push(JSON.parse(line) as TapEvent),
    );
  }

  /** Adverts that say "I am MASTER" since a time; one of priority 0 says "no longer". */
  adverts(sinceMs: number): Advert[] {
    return this.events.filter(
      (event): event is Advert => event.what === "advert" && event.atMs >= sinceMs && event.priority > 0,
    );
  }

  end(): void {
    this.#child.kill();
  }
}
