/** A lab whose program the real Pulumi CLI applies: what a user types, what the CLI says of it, and what it takes. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultSettings, JournalEntry, RecordedCall } from "../../lab/cloud/index.ts";
import { connect, type Json, type Service } from "../../lab/engine/client.ts";
import type { Status } from "../../lab/pair/status.ts";
import { labPaths, readConfig } from "../../lab/state.ts";
import { Lab, labCommand } from "../support/lab.ts";
import { watchMemory } from "./memory.ts";

/** What the CLI's closing lines count, by their verbs: `created`, `unchanged`, ... and `create` in a preview. */
export type Summary = Record<string, number>;

export interface Step {
  what: string;
  code: number;
  text: string;
  summary: Summary;
  seconds: number;
  /** Of all processes of the CLI. */
  peakMib: number;
  /** Calls of the cloud's API with the account's key. */
  calls: JournalEntry[];
  /** SSH logins on both nodes. */
  logins: number;
}

export interface Running {
  child: ChildProcess;
  /** Everything said so far. */
  text(): string;
  /** Resolves once it has said that. */
  said(what: RegExp): Promise<void>;
  /** To the whole process group, as a terminal does; gives the exit code. */
  signal(name: "SIGINT" | "SIGKILL"): Promise<number>;
  ended: Promise<number>;
}

/** The resources' counts in the CLI's last word. */
export function summaryOf(text: string): Summary {
  const block = text.split(/^Resources:$/m).at(-1) ?? "";
  const verbs = /(\d+) (?:to )?(created?|updated?|deleted?|replaced?|imported?|unchanged)\b/g;
  return Object.fromEntries([...block.matchAll(verbs)].map(([, count, verb = ""]) => [verb, Number(count)]));
}

/** What the CLI said in the end: its progress before that is long. */
export const lastWords = (text: string): string => text.slice(Math.max(0, text.lastIndexOf("\nDiagnostics:")));

const keepTraces = process.env.ENGINE_TRACES;

const limitMs = 60_000;

/** Looks again until something is there. */
export async function poll<T>(what: string, look: () => Promise<T | false | undefined>): Promise<T> {
  const deadlineMs = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await sleep(50);
  }
}

/** Nothing was to be done: neither in the cloud nor on the nodes. */
export function assertIdle({ what, summary, calls, logins }: Step): void {
  const { unchanged, ...changes } = summary;
  assert.deepEqual(changes, {}, what);
  assert.ok((unchanged ?? 0) > 25, `${what}: ${unchanged} unchanged`);
  const changing = calls.filter(({ action }) => !/^(Describe|Get|List)/.test(action));
  assert.deepEqual(changing, [], `${what}: calls that change something`);
  assert.equal(logins, 0, `${what}: SSH logins`);
}

/** What a user does first after a failover, with and without looking at the cloud. */
export async function assertNothingToUndo(lab: RealLab, when: string): Promise<void> {
  const before = lab.master(await lab.converged());
  for (const args of [["refresh", "--yes", "--skip-preview"], ["preview"], ["up", "--yes"]]) {
    assertIdle(await lab.pulumi(`${args[0]}, ${when}`, args));
  }
  assert.equal(lab.master(await lab.converged()), before, "the VIP stays where it is");
}

export class RealLab extends Lab {
  readonly steps: Step[] = [];
  private readonly story: string;
  private recorded = 0;

  /** @param story names the files of its traces */
  constructor(name: string, story: string) {
    super(name);
    this.story = story;
  }

  /** Starts a command of the lab; it is the leader of a process group, as in a terminal. */
  start(args: string[], input = ""): Running {
    const env = { ...process.env, LAB_NAME: this.name };
    const child = spawn(process.execPath, labCommand(args), { env, detached: true });
    child.stdin.end(input);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        text += chunk;
      });
    }
    const ended = new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 1)));
    return {
      child,
      text: () => text,
      said: (what) => poll(`${what} being said`, async () => what.test(text)).then(() => {}),
      signal: (name) => {
        process.kill(-(child.pid ?? 0), name);
        return ended;
      },
      ended,
    };
  }

  /** One call of the CLI on the lab's stack that must end as expected. */
  async pulumi(what: string, args: string[], { succeeds = true } = {}): Promise<Step> {
    await this.begins(what);
    const [calls, logins] = [(await this.byAccount()).length, await this.logins()];
    const startedMs = Date.now();
    const { child, text, ended } = this.start(["pulumi", ...args, "--non-interactive", "--color", "never"]);
    const peak = watchMemory(child.pid ?? 0, "pulumi");
    const code = await ended;
    const step: Step = {
      what,
      code,
      text: text(),
      summary: summaryOf(text()),
      seconds: (Date.now() - startedMs) / 1000,
      peakMib: peak(),
      calls: (await this.byAccount()).slice(calls),
      // A machine that has gone has taken its count with it.
      logins: Math.max(0, (await this.logins()) - logins),
    };
    this.steps.push(step);
    if ((code === 0) !== succeeds) {
      throw new Error(
        `pulumi ${args.join(" ")} ended with ${code}, wanted ${succeeds ? "success" : "a failure"}:${lastWords(text())}`,
      );
    }
    return step;
  }

  async configure(key: string, value: string, ...more: string[]): Promise<void> {
    await this.run("pulumi", "config", "set", key, value, ...more);
  }

  /** A value that is on no command line. */
  async configureSecret(key: string, value: string, ...more: string[]): Promise<void> {
    const { ended, text } = this.start(["pulumi", "config", "set", "--secret", key, ...more], value);
    if ((await ended) !== 0) throw new Error(text());
  }

  /** `pulumi up` after a changed setting. */
  async change(key: string, value: string): Promise<Step> {
    await this.configure(key, value);
    return this.pulumi(`${key} ${value}, up`, ["up", "--yes"]);
  }

  /** `pulumi up` that goes on while the test does something to it. */
  begin(): Running {
    return this.start(["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--color", "never"]);
  }

  /** A call with the account's key, as somebody makes it in the console. */
  byHand(service: Service, action: string, request: Json) {
    const config = readConfig(this.name);
    if (!config) throw new Error(`no lab ${this.name}`);
    return connect({ ...config, port: config.apiPort })(service, action, request);
  }

  /** The pair serves, and both nodes take part. */
  whole(): Promise<Status> {
    return this.until(
      (now) => now.converged && now.nodes.every(({ state }) => state === "MASTER" || state === "BACKUP"),
      "the pair is whole",
    );
  }

  /** ... and Pulumi, the program and the cloud agree. */
  async assertAgreed(): Promise<void> {
    await this.whole();
    const { unchanged, ...changes } = (await this.pulumi("preview --refresh", ["preview", "--refresh"])).summary;
    assert.deepEqual(changes, {});
    assert.ok((unchanged ?? 0) > 25);
  }

  private async byAccount(): Promise<JournalEntry[]> {
    return (await this.ask<JournalEntry[]>("journal")).filter(({ caller }) => caller === "root");
  }

  /** Cuts the MASTER's power; gives the node that serves then. */
  async failOver(): Promise<"a" | "b"> {
    const old = this.master(await this.converged());
    const next = old === "a" ? "b" : "a";
    await this.begins(`failover to ${next}`);
    await this.run("fail", old, "--how", "power");
    await this.until((now) => now.converged && this.master(now) === next, `${next} serves`);
    return next;
  }

  async misbehave(faults: Partial<FaultSettings>): Promise<void> {
    await this.ask("misbehave", faults);
  }

  /** The URN of the stack's resource of a name. */
  async urn(name: string): Promise<string> {
    const state = JSON.parse(await this.run("pulumi", "stack", "export")) as Deployment;
    const found = state.deployment.resources.find(({ urn }) => urn.endsWith(`::${name}`));
    if (!found) throw new Error(`the state has no ${name}`);
    return found.urn;
  }

  /** Puts a state in the place of the stack's own. */
  async importState(state: string): Promise<void> {
    const file = join(labPaths(this.name).dir, "imported.json");
    writeFileSync(file, state, { mode: 0o600 });
    await this.run("pulumi", "stack", "import", "--file", file);
  }

  /** Ids that calls of an action brought into being, oldest first. */
  async made(action: string): Promise<string[]> {
    return (await this.ask<JournalEntry[]>("journal"))
      .filter((entry) => entry.action === action)
      .flatMap((e) => e.created);
  }

  /** With ENGINE_TRACES=<folder> every call of the cloud is kept there, a file for each step. */
  override async begins(what: string | null): Promise<void> {
    if (keepTraces === undefined) return;
    const step = what?.replace(/[^a-z0-9]+/gi, "-") ?? null;
    const calls = await this.ask<RecordedCall[]>("record", { step });
    if (calls.length > 0) {
      this.recorded += 1;
      const file = `${this.story}-${String(this.recorded).padStart(2, "0")}-${calls[0]?.step}.jsonl`;
      writeFileSync(join(keepTraces, file), calls.map((call) => `${JSON.stringify(call)}\n`).join(""));
    }
  }

  /** Prints what each step took, as a table for docs/real-engine.md. */
  async report(): Promise<void> {
    await this.begins(null);
    const counts = (summary: Summary) => Object.entries(summary).map(([verb, count]) => `${count} ${verb}`);
    const rows = this.steps.map(({ what, summary, seconds, peakMib, calls, logins }) =>
      [what, counts(summary).join(", "), seconds.toFixed(1), peakMib, calls.length, logins].join(" | "),
    );
    console.log(`| step | result | s | peak MiB | API calls | SSH logins |\n|---|---|---|---|---|---|`);
    for (const row of rows) console.log(`| ${row} |`);
  }
}

interface Deployment {
  deployment: { resources: { urn: string }[] };
}
