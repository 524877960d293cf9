/** The status that lives: on a terminal of its own, and where lines are appended. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, beforeEach, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { everyFrom } from "../../../cli/ha/commands/watch.ts";
import { watchScreen } from "../../../cli/ha/pair/watch.ts";
import { Refusal } from "../../../cli/ha/refusal.ts";
import { healthy, inMaintenance, outputs, seen } from "../../support/pairSeen.ts";
import { PlayedPair } from "./played.ts";

const command = [
  "--disable-warning=ExperimentalWarning",
  "cli/ha/main.ts",
  "--stack",
  "prod",
  "status",
  "--watch",
  "1",
];
/** Runs its arguments on a terminal of 60 by 30, and passes on what that shows and how it ended. */
const onTerminal = `
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
interrupted = False
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 60, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        shown = os.read(terminal, 65536)
    except OSError:
        break
    os.write(1, shown)
    if b"Last events" in shown and not interrupted:
        interrupted = True
        os.write(terminal, b"\\x03")
sys.exit(os.WEXITSTATUS(os.waitpid(child, 0)[1]))
`;

let pair: PlayedPair;
let child: ChildProcess | undefined;
beforeEach(() => {
  pair = new PlayedPair();
  const now = Date.now() / 1000;
  pair.logs("a", { time: now - 9, event: "state", state: "MASTER", trigger: "keepalived" });
  pair.logs("b", { time: now - 8, event: "drained", reasons: { health: "no process named nginx" } });
});
afterEach(() => {
  child?.kill("SIGKILL");
  pair.remove();
});

class Watch {
  text = "";
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(...args: string[]) {
    const env = { ...process.env, TMPDIR: pair.folder };
    child = this.#child = spawn(process.execPath, [...command, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on("data", (chunk) => (this.text += chunk));
    this.ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  /** Resolves once it has printed this. */
  async says(what: RegExp): Promise<void> {
    await new Promise<void>((said, failed) => {
      this.#child.stdout?.on("data", () => what.test(this.text) && said());
      void this.ended.then(() => failed(new Error(`no ${what} in:\n${this.text}`)));
    });
  }

  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  end(): Promise<number | null> {
    this.#child.kill("SIGINT");
    return this.ended;
  }
}

describe("where lines are appended", () => {
  test("each look is one, with what has happened before it; the exit code is the last look's", async () => {
    const watch = new Watch();
    await watch.says(/healthy: [\s\S]*healthy: /);
    assert.match(
      watch.text,
      /^\S+ \S+ {2}a {2}MASTER, by keepalived\n\S+ \S+ {2}b {2}kept from .*: no process named nginx$/m,
    );
    assert.equal(watch.text.match(/MASTER, by keepalived/g)?.length, 1, "an event is told once");
    pair.logs("b", { time: Date.now() / 1000, event: "drained", reasons: {} });
    await watch.says(/ {2}b {2}takes part again\n/);
    pair.is(seen((view) => inMaintenance(view.nodes.b.report!)));
    await watch.says(/degraded: keepalived a .*maintenance: new kernel/);
    assert.equal(await watch.end(), 1, watch.text);
    assert.ok(!watch.text.includes("\x1b"), watch.text);
  });

  test("a node that falls silent holds up neither the first look nor the next ones", async () => {
    const watch = new Watch("--json");
    await watch.says(/\n.*\n/);
    pair.dies("b", "silent");
    await watch.says(/"late":\[\{"name":"b"/);
    await watch.says(/"b":\{[^}]*"problem":"no answer within 4 s"/);
    assert.equal(await watch.end(), 1);
    const looks = watch.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { verdict: string; events: object[] });
    assert.deepEqual([looks[0]?.verdict, looks.at(-1)?.verdict], ["healthy", "degraded"]);
    assert.deepEqual(looks.map(({ events }) => events.length).slice(0, 2), [2, 0]);
    const dead = new Watch();
    await dead.says(/b could not be asked: no answer within 4 s\n/);
    assert.equal(await dead.end(), 1);
  });
});

test("whoever reads it may stop: that ends it without a word", async () => {
  const watch = new Watch();
  await watch.says(/healthy: /);
  watch.stopReading();
  assert.equal(await watch.ended, 0);
  assert.doesNotMatch(watch.text, /EPIPE/);
});

test("on a terminal it renews itself, in the room that there is, and Ctrl-C ends it", async () => {
  const python = spawn("python3", ["-c", onTerminal, process.execPath, ...command], {
    env: { ...process.env, TMPDIR: pair.folder, TERM: "xterm" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child = python;
  let text = "";
  python.stdout.on("data", (chunk: Buffer) => (text += chunk));
  const code = await new Promise((resolve) => python.on("close", resolve));
  assert.equal(code, 0, text);
  const [, first = ""] = text.split("\x1b[H");
  const lines = first
    .split("\x1b[J")[0]!
    .split("\r\n")
    .map((line) => stripVTControlCharacters(line));
  assert.match(lines[0] ?? "", /every 1 s; Ctrl-C ends$/);
  assert.ok(lines.length <= 30 && lines.every((line) => line.length <= 60), lines.join("\n"));
  assert.equal(text.slice(-6), "\x1b[?25h", "the cursor is there again");
});

test("never more lines or longer ones than there is room for", () => {
  const events = Array.from({ length: 30 }, (_, n) => ({
    ...{ node: "a" as const, time: n, event: "trouble" },
    fields: { what: "cloud", message: "long ".repeat(40) },
  }));
  for (const width of [50, 60, 80, 200]) {
    for (const height of [1, 5, 12, 14, 15, 16, 24, 60]) {
      const lines = watchScreen("stack prod", outputs, { view: healthy, events, late: [] }, 2, { width, height });
      assert.ok(lines.length <= height, `${lines.length} of ${height}`);
      assert.ok(
        lines.every((line) => line.length <= width),
        `wider than ${width}:\n${lines.join("\n")}`,
      );
    }
  }
});

test("whole seconds are taken, and nothing else", () => {
  assert.deepEqual(["1", "2", "60", "3600"].map(everyFrom), [1, 2, 60, 3600]);
  for (const wrong of ["0", "-1", "1.5", "3601", "2s", ""]) {
    assert.throws(
      () => everyFrom(wrong),
      (error: unknown) => error instanceof Refusal && error.code === 64,
    );
  }
});
