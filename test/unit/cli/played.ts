/** Two nodes that are played: an `ssh` on PATH that runs what it is given here, with a vip.py of its own on each node. */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { View } from "../../../cli/ha/pair/report.ts";
import type { Target } from "../../../cli/ha/reach/target.ts";
import { healthy, outputs } from "../../support/pairSeen.ts";

type Name = "a" | "b";

export class PlayedPair {
  readonly folder = mkdtempSync(join(tmpdir(), "ha-played-"));
  readonly target: Target = {
    ...outputs,
    ...{ title: "stack prod", sshConfig: join(this.folder, "ssh_config"), identity: null, bastion: null, device: null },
    clients: [],
  };
  readonly #path = process.env.PATH;

  /** From here on this process finds its ssh. */
  constructor() {
    const nodes = join(this.folder, "nodes");
    writeFileSync(
      join(this.folder, "ssh"),
      `#!/bin/sh
export node
for command; do [ "$command" = a ] || [ "$command" = b ] && node=$command; done
if [ -e ${nodes}/$node/silent ]; then exec sleep 60; fi
if [ -e ${nodes}/$node/dead ]; then echo "connect to host $node: No route to host" >&2; exit 255; fi
command=$(printf '%s' "$command" | sed "s#/etc/keepalived/vip.py#${nodes}/$node/vip.py#g; s#/var/log/#${nodes}/$node/#g; s#/var/lib/keepalived-cluster/#${nodes}/$node/#g")
PATH=${nodes}/$node:$PATH
eval "$command"
`,
      { mode: 0o755 },
    );
    writeFileSync(
      join(this.folder, "journalctl"),
      `#!/bin/sh
cat ${nodes}/$node/journal
case "$*" in *--follow*) exec sleep 600 ;; esac
`,
      { mode: 0o755 },
    );
    for (const node of ["a", "b"] as const) {
      mkdirSync(join(nodes, node), { recursive: true });
      writeFileSync(
        join(nodes, node, "vip.py"),
        `#!/bin/sh
cd ${nodes}
case $1 in
  status | probe) cat ${node}/$1 ;;
  *) echo "${node} $*" >>asked; if [ -e ${node}/$1 ]; then . ./${node}/$1; fi ;;
esac
`,
        { mode: 0o755 },
      );
    }
    // A CLI that knows the pair as the stacks prod and stage, a stack without one, and nothing of others.
    writeFileSync(join(this.folder, "outputs"), JSON.stringify({ ...outputs, access: { privateKey: "KEY" } }));
    writeFileSync(
      join(this.folder, "pulumi"),
      `#!/bin/sh
case "$*" in
  version*) echo v3.259.0 ;;
  "stack output --json "*"--stack prod "* | "stack output --json "*"--stack stage "*) cat ${this.folder}/outputs ;;
  "stack output --json "*"--stack organization/web/none "*) echo '{}' ;;
  "stack output --json "*"--stack odd "*) echo '{"vip": 7, "nodes": {"a": 1, "b": 2}, "access": {}}' ;;
  "stack ls --json --all --non-interactive") cat ${this.folder}/stacks ;;
  *) echo "error: incorrect passphrase" >&2; exit 255 ;;
esac
`,
      { mode: 0o755 },
    );
    this.write("asked", "");
    this.is(healthy);
    process.env.PATH = `${this.folder}:${this.#path}`;
  }

  stacks(...names: string[]): void {
    writeFileSync(join(this.folder, "stacks"), JSON.stringify(names.map((name) => ({ name, current: false }))));
  }

  remove(): void {
    process.env.PATH = this.#path;
    rmSync(this.folder, { recursive: true });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, "nodes", name), text);
  }

  /** The pair answers like this from now on, or once the shell command has run that this gives. */
  is(view: View, later = ""): string {
    for (const node of ["a", "b"] as const) {
      const { report, probe } = view.nodes[node];
      // What a MASTER said a moment ago counts as asked after a switch.
      const now = Date.now() / 1000;
      const status = report && { ...report, since: now - 60, checkedAt: later ? now + 60 : now - 5 };
      this.write(`${node}/${later}status`, JSON.stringify(status));
      this.write(`${node}/${later}probe`, JSON.stringify({ here: probe === null, answeredMs: probe ? 1 : null }));
    }
    return (
      ["a", "b"]
        .flatMap((node) => ["status", "probe"].map((what) => `${node}/${what}`))
        // Whole at once: the file may be read just now.
        .map((file) => `cp ${file.replace("/", `/${later}`)} ${file}.new; mv ${file}.new ${file}`)
        .join("; ")
    );
  }

  /** Its clock is another. @param arguments of `date` */
  clock(node: Name, shift: string): void {
    const script = `#!/bin/sh\nPATH=${this.#path}\nexec date ${shift} "$@"\n`;
    writeFileSync(join(this.folder, "nodes", node, "date"), script, { mode: 0o755 });
  }

  /** What its vip.py does when asked for this, as shell; in the folder of both nodes. */
  does(node: Name, verb: string, shell: string): void {
    this.write(`${node}/${verb}`, shell);
  }

  /** Refuses connections; or, silent, never answers. */
  dies(node: Name, how: "dead" | "silent" = "dead"): void {
    this.write(`${node}/${how}`, "");
  }

  comesBack(node: Name): void {
    rmSync(join(this.folder, "nodes", node, "dead"));
  }

  /** A line of its journal. */
  journal(node: Name, atUs: number, MESSAGE: string): void {
    const line = {
      __CURSOR: `s=${node};i=${atUs}`,
      __REALTIME_TIMESTAMP: String(atUs),
      SYSLOG_IDENTIFIER: "vip.py",
      MESSAGE,
    };
    appendFileSync(join(this.folder, "nodes", node, "journal"), `${JSON.stringify(line)}\n`);
  }

  logs(node: Name, ...events: object[]): void {
    const lines = events.map((event) => `${JSON.stringify(event).replaceAll('":', '": ').replaceAll(',"', ', "')}\n`);
    appendFileSync(join(this.folder, "nodes", node, "keepalived.log"), lines.join(""));
  }

  /** What a played command has written, in the folder of both nodes. */
  read(name: string): string {
    return readFileSync(join(this.folder, "nodes", name), "utf8");
  }

  /** What was asked of the nodes beside how they are, in order. */
  get asked(): string[] {
    const file = join(this.folder, "nodes", "asked");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  }
}
