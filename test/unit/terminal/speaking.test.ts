/** What depends on whether somebody looks. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { agreed, words } from "../../../terminal/ask.ts";

/** A question, and what is typed at it. */
async function answered(typed: string): Promise<boolean> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answer = agreed("Go on?", { input, output });
  // Keys are listened for once the question has been drawn.
  output.once("data", () => setImmediate(() => input.write(typed)));
  return answer;
}

test("only a yes is a yes: Enter alone is none, and neither is Ctrl-C", async () => {
  for (const [typed, is] of [
    ["y\n", true],
    ["yes\n", true],
    ["\n", false],
    ["n\n", false],
    ["\u0003", false],
  ] as const) {
    assert.equal(await answered(typed), is, JSON.stringify(typed));
  }
});

test("words are taken as they are typed; Ctrl-C, or an end of the input, is none", async () => {
  const typed = async (keys: string | null) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const answer = words("Which pair?", { input, output });
    if (keys === null) input.end();
    else input.write(keys);
    return answer;
  };
  assert.deepEqual([await typed(" prod \n"), await typed("\n"), await typed(null)], ["prod", "", ""]);
});

/** What a program prints with this environment, and whether it has a terminal to print on. */
function printed(
  program: string,
  { terminal, env = {}, status: wanted = 0 }: { terminal: boolean; env?: Record<string, string>; status?: number },
): string {
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...own } = process.env;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module-typescript"];
  const python = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) & 0x7f)";
  const [file = "", ...args] = [...(terminal ? ["python3", "-c", python] : []), ...node, "-e", program];
  const options = { encoding: "utf8", env: { ...own, TERM: "xterm", ...env }, timeout: 60_000 } as const;
  const { stdout, stderr, status } = spawnSync(file, args, options);
  assert.equal(status, wanted, stderr);
  return stdout + stderr;
}

test("colours are for terminals, and not with NO_COLOR", () => {
  const program = `import { bad } from "./terminal/colours.ts"; console.log(bad("down"));`;
  assert.equal(printed(program, { terminal: true }).trim(), "\u001b[31mdown\u001b[39m");
  assert.equal(printed(program, { terminal: true, env: { NO_COLOR: "1" } }).trim(), "down");
  assert.equal(printed(program, { terminal: false }), "down\n");
});

test("what is waited for is a line that renews itself on a terminal; elsewhere what takes no time is not told", () => {
  const program = `import { Progress } from "./terminal/progress.ts";
    const progress = new Progress("a pair"); progress.saw("a is FAULT"); progress.end(); console.log("done");`;
  assert.match(printed(program, { terminal: true }), /waiting for a pair; last seen: a is FAULT[\s\S]*done/);
  assert.equal(printed(program, { terminal: false }), "done\n");
});

test("work that says nothing itself is named while it goes on, and its line is gone before what comes of it", () => {
  const program = `import { Progress } from "./terminal/progress.ts";
    console.log(await Progress.during("a fault", async () => "it was survived"));`;
  const shown = printed(program, { terminal: true });
  assert.match(shown, /waiting for a fault/);
  assert.ok(shown.endsWith("\u001b[1G\u001b[0Kit was survived\r\n"), JSON.stringify(shown));
  assert.equal(printed(program, { terminal: false }), "it was survived\na fault ...\n");
});

test("a terminal has its cursor back, however a program ends that was waiting", () => {
  for (const [end, status] of [
    ['process.kill(process.pid, "SIGINT"); await new Promise((done) => setTimeout(done, 60_000))', 2],
    ["process.exit(0)", 0],
  ] as const) {
    const program = `import { Progress } from "./terminal/progress.ts"; new Progress("a pair"); ${end};`;
    const shown = printed(program, { terminal: true, status });
    const [hidden, back] = ["\u001b[?25l", "\u001b[?25h"].map((code) => shown.lastIndexOf(code));
    assert.ok(hidden !== -1 && back! > hidden!, JSON.stringify(shown));
  }
});

test("a listener of the program's own outlives its waiting: what has to be ended in order is", () => {
  const program = `import { Progress } from "./terminal/progress.ts";
    process.on("SIGINT", () => {}); new Progress("a pair"); process.kill(process.pid, "SIGINT");
    await new Promise((done) => setTimeout(done, 100)); console.log("in order"); process.exit(0);`;
  assert.match(printed(program, { terminal: true }), /in order/);
});
