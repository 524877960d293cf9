/** A terminal at which a command is typed as a person types it: it has a screen, can ask, and gets Ctrl-C. */
import { type ChildProcess, spawn } from "node:child_process";
import { delimiter } from "node:path";
import { stripVTControlCharacters } from "node:util";

export const ctrlC = "\x03";
/** To the first column, and everything behind it away: so a line of progress goes. */
const eraseLine = "\u001b[1G\u001b[0K";
/** Wide enough for every column of a table. */
const size = "stty columns 240 rows 60";

/** A user's shell has no launchers of npm's on its PATH, as a test that npm has started has. */
export const userPath = (): string =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.endsWith("node_modules/.bin"))
    .join(delimiter);

export class Terminal {
  /** Exit code of the command. */
  readonly ended: Promise<number | null>;
  over = false;
  readonly #child: ChildProcess;
  #raw = "";

  /** @param line for a shell, in the project's folder */
  constructor(line: string, env: NodeJS.ProcessEnv = {}) {
    // util-linux's, which has every Debian: the command's terminal is its, and what is written to its input is typed there.
    this.#child = spawn("script", ["--quiet", "--flush", "--return", "--command", `${size}; ${line}`, "/dev/null"], {
      // npm's own signs of life, behind a line that does not end, are nobody's words.
      env: { ...process.env, SHELL: "/bin/sh", TERM: "xterm", npm_config_progress: "false", PATH: userPath(), ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.#raw += chunk;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code) => {
        this.over = true;
        resolve(code);
      });
    });
  }

  /** What is on the screen, and what has left it at its top: without colours, and without lines that were erased again. */
  get text(): string {
    const lines = this.#raw.split("\n").map((line) => line.split(eraseLine).at(-1) ?? "");
    return stripVTControlCharacters(lines.join("\n")).replaceAll("\r", "");
  }

  /** What a person types; a command that has ended gets nothing any more. */
  type(keys: string): void {
    if (!this.over) this.#child.stdin?.write(keys);
  }
}
