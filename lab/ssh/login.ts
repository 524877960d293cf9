/** ssh into the lab's nodes. Their host keys are new each time, and the way leads through no network but the lab's. */
import { spawn } from "node:child_process";
import { relative } from "node:path";
import { quoted } from "../../terminal/shell.ts";
import { assertRouteInside } from "../fabric/index.ts";
import { labName } from "../state.ts";

const anyHostKey = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
/**
 * A file of the lab's as an option names it. By way of here, and so without the name of the project's folder: ssh would take
 * a blank, a quote or a percent sign in that for something else.
 */
const near = (file: string): string => relative(process.cwd(), file);
/** A user's own configuration could lead anywhere; the real provisioner hears none, either. */
const noConfig = "/dev/null";
const always = ["LogLevel=ERROR", "ConnectTimeout=3"];

/** A machine through which the connection goes. */
export interface Jump {
  keyFile: string;
  user: string;
  host: string;
  port: number;
}

export interface Login {
  keyFile: string;
  user: string;
  host: string;
  /** A file with the host keys to insist on; undefined: any is accepted. */
  knownHosts?: string | undefined;
  jump?: Jump | undefined;
}

/** The arguments of ssh, once the way is known to lead into the lab. */
export async function sshArgs(login: Login, command: string[]): Promise<string[]> {
  await assertRouteInside(labName(), login.jump?.host ?? login.host);
  return argsOf(login, command);
}

/** Keys travel by file, never on a command line. */
export function argsOf({ keyFile, user, host, knownHosts, jump }: Login, command: string[]): string[] {
  const known = knownHosts ? ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${near(knownHosts)}`] : anyHostKey;
  const by = (file: string, options: string[]) => [
    "-F",
    noConfig,
    "-i",
    near(file),
    ...options.flatMap((option) => ["-o", option]),
  ];
  // Not -J: its ssh would take neither the key nor the options from here.
  const through = jump && [
    ...["ssh", ...by(jump.keyFile, [...anyHostKey, ...always]), "-p", String(jump.port)],
    ...["-W", "%h:%p", `${jump.user}@${jump.host}`],
  ];
  return [
    ...by(keyFile, [...known, ...always]),
    ...(through ? ["-o", `ProxyCommand=${through.map((word) => `'${word}'`).join(" ")}`] : []),
    `${user}@${host}`,
    ...command,
  ];
}

/** A command of root's, as ssh passes it on; none stays none, and leads to a shell of the user's. */
export function asRoot(user: string, command: string[]): string[] {
  if (user === "root" || command.length === 0) return command;
  return [`sudo -n sh -c ${quoted(command.join(" "))}`];
}

export interface SshResult {
  /** 255 is ssh's own: no connection. Anything else comes from the command. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command with a text on its stdin; `onLine` gets its output as it comes. */
export function ssh(args: string[], stdin: string, onLine: (line: string) => void): Promise<SshResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", ["-o", "BatchMode=yes", ...args]);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      for (const line of chunk.toString().split("\n")) if (line.trim()) onLine(line);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    // The command may end without reading all of it; its exit code tells.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
  });
}
