/** Commands on the nodes, each with a deadline: a node that is black-holed must not hold up the other's answer. */
import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import type { NodeName } from "../../render/model.ts";
import { hostOf, type Target } from "./target.ts";

const run = promisify(execFile);

export interface Answer {
  /** 255: no connection; null: it was ended at the deadline. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Quoted for the shell on the node. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The arguments of ssh. The key travels by file; a host key that is known is insisted on. */
export function sshArgs(target: Target, node: NodeName, command: string): string[] {
  const to = target.nodes[node];
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=3",
    // A node that dies meanwhile is noticed after 6 s, not at the command's deadline.
    "ServerAliveInterval=2",
    "ServerAliveCountMax=3",
    "IdentitiesOnly=yes",
    "LogLevel=ERROR",
    `UserKnownHostsFile=${to.hostKey ? target.knownHosts : "/dev/null"}`,
    `StrictHostKeyChecking=${to.hostKey ? "yes" : "no"}`,
  ];
  const asRoot = to.sshUser === "root" ? command : `sudo -n sh -c ${quoted(command)}`;
  const address = `${to.sshUser}@${hostOf(to)}`;
  return ["-i", target.identity, ...options.flatMap((option) => ["-o", option]), address, asRoot];
}

/** A lab that is gone leaves addresses that would lead out of this machine: nothing is sent then. */
async function assertInside(target: Target, node: NodeName): Promise<void> {
  if (target.device === null) return;
  const { stdout } = await run("ip", ["-j", "route", "get", hostOf(target.nodes[node])]).catch(() => ({
    stdout: "[]",
  }));
  const [route] = JSON.parse(stdout) as { dev?: string }[];
  if (route?.dev !== target.device) throw new Error("the lab's network is gone");
}

/** Runs a shell command as root on a node. `onLine` gets what it prints as it comes. */
export async function onNode(
  target: Target,
  node: NodeName,
  command: string,
  limitMs: number,
  onLine: (line: string) => void = () => {},
): Promise<Answer> {
  try {
    await assertInside(target, node);
  } catch (error) {
    return { code: 255, stdout: "", stderr: (error as Error).message };
  }
  return new Promise((resolve) => {
    const child = spawn("ssh", sshArgs(target, node, command), { stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr, tail] = ["", "", ""];
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      const lines = (tail + chunk).split("\n");
      tail = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    child.on("error", (error) => {
      stderr += error.message;
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr: stderr.trim() });
    });
  });
}
