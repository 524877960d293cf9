/** `npm run ha` as a user runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Lab } from "../support/lab.ts";

/** `npm run ha` in a process group of its own, so that it can be killed with all it has started. */
export class Ha {
  readonly ended: Promise<number | null>;
  text = "";
  private readonly child: ChildProcess;

  constructor(lab: Lab, ...args: string[]) {
    const argv = ["--disable-warning=ExperimentalWarning", "cli/ha/main.ts", "--lab", lab.name, ...args];
    this.child = spawn(process.execPath, argv, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.text += chunk;
      });
    }
    this.ended = new Promise((resolve) => this.child.on("close", resolve));
  }

  /** Resolves once it has printed this. */
  async says(what: RegExp): Promise<void> {
    await new Promise<void>((said, failed) => {
      const look = () => what.test(this.text) && said();
      this.child.stdout?.on("data", look);
      this.child.stderr?.on("data", look);
      void this.ended.then(() => failed(new Error(`no ${what} in:\n${this.text}`)));
      look();
    });
  }

  /** Ctrl-C; gives the exit code. */
  interrupted(): Promise<number | null> {
    process.kill(-(this.child.pid ?? 0), "SIGINT");
    return this.ended;
  }

  kill(): void {
    process.kill(-(this.child.pid ?? 0), "SIGKILL");
  }
}
