/** Who asks the VIP while a drill goes on, and what they heard. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import type { NodeName } from "../../../render/model.ts";
import { messageOf } from "../../../terminal/problem.ts";
import { quoted } from "../../../terminal/shell.ts";
import { follow } from "../reach/ssh.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { type Answer, gapsOf, type Heard } from "./record.ts";

/** Milliseconds between two questions; a URL is asked less often, for each is a connection and a request of the service. */
const everyMs = { ping: 20, url: 50 } as const;
/** What a question waits for. */
const urlLimitMs = 2000;
/** Until the first answer: a login comes before it. */
const firstLimitMs = 15_000;
/** Questions from elsewhere end by themselves, should nobody end them. */
const limitS = 3600;

const askVip = readFileSync(join(import.meta.dirname, "askVip.py"), "utf8");
const now = (): number => Date.now() / 1000;

/** Who is meant by `--from`. */
export type ClientWish =
  | { kind: "other" }
  | { kind: "here"; address: string }
  /** The way to the nodes leads through it, and so does the one to a VIP that has no public address. */
  | { kind: "bastion"; address: string; inside: string[] }
  | { kind: "lab"; name: string; address: string; inside: string[] }
  | { kind: "url"; url: URL };

/** A client for people. */
export function clientText(wish: ClientWish): string {
  switch (wish.kind) {
    case "other":
      return `the other node, through the cloud, every ${everyMs.ping} ms`;
    case "here":
      return `this machine, by ping of ${wish.address}, every ${everyMs.ping} ms`;
    case "bastion":
      return `the bastion, by ping of ${wish.address}, every ${everyMs.ping} ms`;
    case "lab":
      return `the lab's ${wish.name} client, by ping of ${wish.address}, every ${everyMs.ping} ms`;
    case "url":
      return `this machine, by ${wish.url.href}, every ${everyMs.url} ms`;
  }
}

/** @param given values of --from, [] for those that are usual @throws Refusal with code 64 */
export function clientsFrom(given: string[], target: Target): ClientWish[] {
  const { clients } = target;
  const lab = clients.flatMap(({ name, inside, address }): ClientWish[] =>
    inside && address ? [{ kind: "lab", name, address, inside }] : [],
  );
  if (given.length === 0) return [{ kind: "other" }, ...lab];
  return given.map((from): ClientWish => {
    if (from === "other") return { kind: "other" };
    if (from === "here") return hereFrom(target);
    const known = lab.find((one) => one.kind === "lab" && one.name === from);
    if (known) return known;
    if (/^(https?|tcp):\/\//.test(from) && URL.canParse(from)) {
      const url = new URL(from);
      if (url.protocol !== "tcp:" || url.port !== "") return { kind: "url", url };
    }
    const names = lab.flatMap((one) => (one.kind === "lab" ? [one.name] : []));
    throw new Refusal(
      `--from is "${from}"; it takes ${["other", "here", ...names].join(", ")}, an http:// or https:// URL, or tcp://HOST:PORT.`,
      64,
    );
  });
}

/** This machine; or the bastion, where no packet of this machine's comes to the VIP. */
function hereFrom({ vip, publicIp, bastion, sshConfig }: Target): ClientWish {
  if (publicIp !== null || !bastion) return { kind: "here", address: publicIp ?? vip };
  return { kind: "bastion", address: vip, inside: ["ssh", "-F", sshConfig, "bastion", "LC_ALL=C"] };
}

/** Somebody who asks, from its making until `end`. */
export abstract class Client {
  readonly name: string;
  readonly how: string;
  readonly everyMs: number;
  protected readonly answers: Answer[] = [];
  protected asked = 0;
  readonly #from = now();
  /** Why it asks no more, though nobody has ended it. */
  problem: string | null = null;

  constructor(name: string, how: string, ms: number) {
    this.name = name;
    this.how = how;
    this.everyMs = ms;
  }

  /** When the last answer came, 0 before the first. */
  get lastAt(): number {
    return this.answers.at(-1)?.at ?? 0;
  }

  /** Ends it. What it heard, by this machine's clock. */
  end(): Heard {
    this.stop();
    const { name, how } = this;
    const answers = [...this.answers].sort((x, y) => x.at - y.at);
    const from = answers[0]?.at ?? this.#from;
    const gaps = gapsOf(answers, from, now(), this.everyMs);
    return { name, how, everyMs: this.everyMs, asked: this.asked, answered: answers.length, gaps };
  }

  protected abstract stop(): void;
}

/** `ping`, of this machine, in a client's namespace of a lab, or of a bastion. */
class Ping extends Client {
  readonly #child: ChildProcess;

  /** @param isElsewhere by another clock than this machine's, and where it outlives whoever ended it */
  constructor(name: string, address: string, inside: string[], isElsewhere = false) {
    super(name, `by ping of ${address}`, everyMs.ping);
    // On Linux it tells when the answer arrived; elsewhere the time at which it is read has to do.
    const more = isElsewhere ? ["-w", String(limitS)] : process.platform === "linux" ? ["-D"] : [];
    const argv = [...inside, "ping", "-n", ...more, "-i", String(everyMs.ping / 1000), address];
    const env = { ...process.env, LC_ALL: "C" };
    // A group of its own: a Ctrl-C is for the drill, which still wants to see the VIP come back.
    this.#child = spawn(argv[0]!, argv.slice(1), { stdio: ["ignore", "pipe", "pipe"], env, detached: true });
    let tail = "";
    this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (tail + chunk).split("\n");
      tail = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    });
    let said = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
    this.#child.on("error", (error) => {
      this.problem = messageOf(error);
    });
    this.#child.on("close", (code) => {
      this.problem ??= said.trim() || `ping ended with ${code}`;
    });
  }

  #take(line: string): void {
    const [, told, sequence, tookMs] = /^(?:\[(\d+\.\d+)\] )?.* icmp_seq=(\d+) .*time=([\d.]+) ms/.exec(line) ?? [];
    if (sequence === undefined) return;
    const number = Number(sequence);
    const at = told === undefined ? now() : Number(told);
    this.answers.push({ number, sent: at - Number(tookMs) / 1000, at });
    this.asked = Math.max(this.asked, number);
  }

  protected stop(): void {
    this.problem ??= "ended";
    this.#child.kill("SIGTERM");
  }
}

/** A node, by askVip.py; its times are made this machine's. */
class FromNode extends Client {
  readonly node: NodeName;
  readonly #ending = new AbortController();
  readonly #aheadS: number;

  /** @param aheadS so far the node's clock is ahead of this machine's */
  constructor(target: Target, node: NodeName, aheadS: number) {
    super(`node ${node}`, "by ping through the cloud", everyMs.ping);
    this.node = node;
    this.#aheadS = aheadS;
    const command = `python3 -E -c ${quoted(askVip)} ${everyMs.ping} ${limitS}`;
    const how = { onLine: (text: string) => this.#take(text), onBegin: () => {}, signal: this.#ending.signal };
    void follow(target, node, command, how).then(({ code, stderr }) => {
      this.problem ??= stderr.split("\n").at(-1) || `its questions ended with ${code}`;
    });
  }

  #take(text: string): void {
    const [number, sent, at] = text.split(" ").map(Number);
    if (!number || !sent || !at) return;
    this.answers.push({ number, sent: sent - this.#aheadS, at: at - this.#aheadS });
    this.asked = Math.max(this.asked, number);
  }

  protected stop(): void {
    this.problem ??= "ended";
    this.#ending.abort();
  }
}

/** This machine, by a new connection each time: what a user of the service needs, down to the program that answers. */
class FromUrl extends Client {
  readonly #timer: NodeJS.Timeout;

  constructor(url: URL) {
    super(url.href, url.protocol === "tcp:" ? "by connections" : "by requests", everyMs.url);
    this.#timer = setInterval(() => {
      this.asked += 1;
      const [number, sent] = [this.asked, now()];
      const answered = () => void this.answers.push({ number, sent, at: now() });
      if (url.protocol === "tcp:") this.#connect(url, answered);
      else this.#request(url, answered);
    }, everyMs.url);
  }

  #connect({ hostname, port }: URL, answered: () => void): void {
    const socket = connect({ host: hostname, port: Number(port), timeout: urlLimitMs });
    const end = () => socket.destroy();
    socket.once("connect", () => {
      answered();
      end();
    });
    socket.once("timeout", end).once("error", end);
  }

  /** A server that says 500 or more is there, and does not serve. */
  #request(url: URL, answered: () => void): void {
    const get = url.protocol === "https:" ? httpsGet : httpGet;
    const request = get(url, { agent: false, timeout: urlLimitMs }, (response) => {
      if ((response.statusCode ?? 500) < 500) answered();
      response.destroy();
    });
    request.once("timeout", () => request.destroy()).on("error", () => {});
  }

  protected stop(): void {
    clearInterval(this.#timer);
  }
}

/** The node that asks, null for others. */
export const nodeOf = (client: Client): NodeName | null => (client instanceof FromNode ? client.node : null);

/** The node that does not have the VIP. */
export interface Standby {
  node: NodeName;
  aheadS: number;
}

function begin(target: Target, wish: ClientWish, { node, aheadS }: Standby): Client {
  switch (wish.kind) {
    case "other":
      return new FromNode(target, node, aheadS);
    case "here":
      return new Ping("this machine", wish.address, []);
    case "bastion":
      return new Ping("bastion", wish.address, wish.inside, true);
    case "lab":
      return new Ping(`${wish.name} client`, wish.address, wish.inside);
    case "url":
      return new FromUrl(wish.url);
  }
}

/** All of them, once each has had an answer: who is not answered before a fault proves nothing by it. @throws Error */
export async function startClients(target: Target, wishes: ClientWish[], standby: Standby, signal: AbortSignal) {
  const clients = wishes.map((wish) => begin(target, wish, standby));
  const deadlineMs = Date.now() + firstLimitMs;
  try {
    for (const client of clients) {
      while (client.lastAt === 0) {
        signal.throwIfAborted();
        if (client.problem !== null) throw new Error(`${client.name} cannot ask the VIP: ${client.problem}`);
        if (Date.now() > deadlineMs)
          throw new Error(`${client.name} got no answer from the VIP within ${firstLimitMs / 1000} s`);
        await new Promise((done) => setTimeout(done, 50));
      }
    }
    return clients;
  } catch (error) {
    for (const client of clients) client.end();
    throw error;
  }
}
