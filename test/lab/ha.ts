/** `npm run ha` as a user runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabTarget } from "../../cli/ha/reach/target.ts";
import { labPaths } from "../../lab/state.ts";
import type { Lab } from "../support/lab.ts";

/** A `pulumi` that knows a lab's pair as two stacks and has one more, which it can't read. Gives its folder. */
export function pulumiOf(lab: Lab): string {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-of-"));
  const { identity, bastion, ...known } = JSON.parse(readFileSync(labPaths(lab.name).haTarget, "utf8")) as LabTarget;
  const access = { privateKey: readFileSync(identity, "utf8"), agentSocketPath: null, bastion };
  writeFileSync(join(folder, "outputs"), JSON.stringify({ ...known, access }), { mode: 0o600 });
  const stacks = ["one", "organization/web/others", "two"].map((name) => ({ name, current: false }));
  writeFileSync(
    join(folder, "pulumi"),
    `#!/bin/sh
case "$*" in
  version*) echo v3.259.0 ;;
  "stack ls "*) echo '${JSON.stringify(stacks)}' ;;
  *" --stack organization/web/others "*) echo "error: incorrect passphrase" >&2; exit 255 ;;
  "stack output "*) cat ${folder}/outputs ;;
  *) exit 1 ;;
esac
`,
    { mode: 0o755 },
  );
  return folder;
}

/** `npm run ha` in a process group of its own, so that it can be killed with all it has started. */
export class Ha {
  readonly ended: Promise<number | null>;
  text = "";
  private readonly child: ChildProcess;

  /** @param from the lab that has the pair; or a folder with a `pulumi`, which knows it as a stack */
  constructor(from: Lab | string, ...args: string[]) {
    const [lab, path] = typeof from === "string" ? [[], `${from}:`] : [["--lab", from.name], ""];
    const argv = ["--disable-warning=ExperimentalWarning", "cli/ha/main.ts", ...lab, ...args];
    const env = { ...process.env, PATH: `${path}${process.env.PATH}` };
    this.child = spawn(process.execPath, argv, { detached: true, env, stdio: ["ignore", "pipe", "pipe"] });
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
