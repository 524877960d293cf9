/** Commands on the nodes, each with a deadline: a node that is black-holed must not hold up the other's answer. */
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { NodeName } from "../../../render/model.ts";
import { printable } from "../../../terminal/printable.ts";
import { messageOf } from "../../../terminal/problem.ts";
import { quoted } from "../../../terminal/shell.ts";
import { haCommand } from "../../../terminal/typed.ts";
import { Refusal } from "../refusal.ts";
import { between, linesBetween, marked } from "./marked.ts";
import { hostOf } from "./sshConfig.ts";
import type { Target } from "./target.ts";

const run = promisify(execFile);
/** Characters. More than any answer has; a node that talks on is cut off. */
const answerLimit = 4 << 20;

/** For a question of a moment: a black-holed node is given up within 5 s; a bastion makes the way to a node twice as long. */
export const answerLimitMs = ({ bastion }: Pick<Target, "bastion">): number => (bastion ? 9000 : 4000);

/** What the command itself has printed, fit to be shown; where it was never reached, what the session has. */
export interface Answer {
  /** 255: no connection; null: it was ended at the deadline. */
  code: number | null;
  stdout: string;
  /** What went wrong stands in the last line, if anything is known of it. */
  stderr: string;
}

/** The arguments of ssh for a shell command as root. */
function sshArgs({ sshConfig, nodes }: Target, node: NodeName, command: string): string[] {
  const shell = `sh -c ${quoted(command)}`;
  return ["-F", sshConfig, node, nodes[node].sshUser === "root" ? shell : `sudo -n ${shell}`];
}

/** A lab that is gone leaves addresses that would lead out of this machine: nothing is sent then. */
async function assertInside(target: Target, node: NodeName): Promise<void> {
  if (target.device === null) return;
  const { stdout } = await run("ip", ["-j", "route", "get", target.bastion?.host ?? hostOf(target.nodes[node])]).catch(
    () => ({
      stdout: "[]",
    }),
  );
  const [route] = JSON.parse(stdout) as { dev?: string }[];
  if (route?.dev !== target.device) throw new Error("the lab's network is gone");
}

/** Whether the pair is in a lab that does not run any more. */
export const isGone = (target: Target): Promise<boolean> =>
  assertInside(target, "a").then(
    () => false,
    () => true,
  );

interface Session {
  /** Gets what the command prints as it comes. */
  onLine?: (line: string) => void;
  /** Called when the command begins on the node. */
  onBegin?: () => void;
  /** Ends it; its input ends as well, by which the node's side can tell. */
  signal?: AbortSignal;
  /** Milliseconds for the whole, Infinity for none. */
  limitMs: number;
  /** Milliseconds until the command has to begin: a machine that answers no login is dead, one that works is not. */
  reachMs?: number;
  /** Whether what it prints is kept for the answer. */
  keep?: boolean;
}

/** Runs a shell command as root on a node. */
async function session(target: Target, node: NodeName, command: string, how: Session): Promise<Answer> {
  try {
    await assertInside(target, node);
  } catch (error) {
    return { code: 255, stdout: "", stderr: messageOf(error) };
  }
  const { onLine = () => {}, onBegin = () => {}, signal, limitMs, reachMs = limitMs, keep = true } = how;
  const mark = randomBytes(16).toString("hex");
  const take = linesBetween(mark, (line) => onLine(printable(line)));
  return new Promise((resolve) => {
    const child = spawn("ssh", sshArgs(target, node, marked(command, mark)), { stdio: ["pipe", "pipe", "pipe"] });
    // An open input is what follow() rests on; nobody else's command may wait for one.
    if (!signal) child.stdin.end();
    child.stdin.on("error", () => {});
    let [stdout, stderr, tail, begun, late] = ["", "", "", false, ""];
    const kill = () => child.kill("SIGKILL");
    const within = (ms: number) =>
      ms === Number.POSITIVE_INFINITY
        ? undefined
        : setTimeout(() => {
            late = `no answer within ${ms / 1000} s`;
            kill();
          }, ms);
    let timer = within(Math.min(reachMs, limitMs));
    const begin = () => {
      begun = true;
      clearTimeout(timer);
      timer = within(limitMs);
      onBegin();
    };
    signal?.addEventListener("abort", kill);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      if (keep) stdout += chunk;
      if (stdout.length > answerLimit) kill();
      const lines = (tail + chunk).split("\n");
      tail = lines.pop() ?? "";
      if (tail.length > answerLimit) kill();
      for (const line of lines) {
        if (line === mark && !begun) begin();
        take(line);
      }
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      if (stderr.length > answerLimit) kill();
    });
    child.on("error", (error) => {
      stderr += messageOf(error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      // ssh's own lines end as on a terminal.
      const own = (text: string) => printable((between(text, mark) ?? text).replaceAll("\r\n", "\n"));
      resolve({ code, stdout: own(stdout), stderr: own(stderr).trim() || late });
    });
  });
}

/** Runs a shell command as root on a node. `onLine` gets what it prints as it comes. */
export const onNode = (
  target: Target,
  node: NodeName,
  command: string,
  limitMs: number,
  onLine: (line: string) => void = () => {},
): Promise<Answer> => session(target, node, command, { limitMs, onLine });

/** Asks a node for what may take it a while: one that answers no login is given up as soon as for any question. */
export const askNode = (target: Target, node: NodeName, command: string, limitMs: number): Promise<Answer> =>
  session(target, node, command, { limitMs, reachMs: target.reachMs?.[node] ?? answerLimitMs(target) });

/**
 * A command that goes on until its signal, or until the node is gone. On the node it ends with this one's, however that ends.
 * @param command without a use for its input
 */
export function follow(
  target: Target,
  node: NodeName,
  command: string,
  how: Required<Pick<Session, "onLine" | "onBegin" | "signal">>,
): Promise<Answer> {
  // In the background a shell's input is empty, so it is passed on by another number.
  const guarded = `exec 3<&0; ${command} </dev/null & pid=$!; { cat <&3; kill $pid; } >/dev/null 2>&1 & wait $pid`;
  const whole = { limitMs: Number.POSITIVE_INFINITY, reachMs: answerLimitMs(target), keep: false };
  return session(target, node, guarded, { ...whole, ...how });
}

/** `npm run ha -- ssh`: a login, or one command as the login's user, with this terminal. Gives ssh's exit code. */
export async function login(target: Target, node: NodeName, command: string[]): Promise<number> {
  await assertInside(target, node).catch((error: Error) => {
    throw new Refusal(error.message, 3);
  });
  if (target.nodes[node].hostKey === null) {
    console.error(`The host key of ${node} is not known: any is accepted.`);
  }
  // Whoever sits here can be asked for the passphrase of a key that --identity names.
  // ssh takes options behind the destination, too, so a command is told apart from them.
  const args = ["-F", target.sshConfig, "-o", "BatchMode=no", node, ...(command.length > 0 ? ["--", ...command] : [])];
  const child = spawn("ssh", args, { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Refusal(messageOf(error), 3)));
    child.on("close", (code) => {
      if (code === 255)
        console.error(`If ${node} gave no answer: ${haCommand("status")}, and its machine in the console.`);
      resolve(code ?? 255);
    });
  });
}
