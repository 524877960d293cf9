/** A lab of the tests' own, driven by the same commands that a user types. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { complete } from "../../lab/command/settings.ts";
import { ask } from "../../lab/control.ts";
import { findRealEngine } from "../../lab/engine/cli.ts";
import { type EngineResult, runInline } from "../../lab/engine/engine.ts";
import { clientArgv, collect, pairsOf } from "../../lab/pair/inspect.ts";
import type { CloudPair } from "../../lab/pair/pairs.ts";
import type { Status } from "../../lab/pair/status.ts";
import { labPaths, readConfig } from "../../lab/state.ts";

export interface Call {
  at: string;
  caller: string;
  service: string;
  action: string;
  result: string;
}

/** A slow machine is no reason to fail: how long a failover may take the simulation says, whose clock is its own. */
const limitMs = 180_000;
const pollMs = 200;
/** To look at a whole pair takes a tenth of a second of CPU, half of it on its nodes: twice a second is enough. */
const pairPollMs = 500;

/** The engines that can apply the program on this machine; the real one, where it is, comes last. */
export const engines: EngineResult["engine"][] =
  findRealEngine().missing.length === 0 ? ["inline", "pulumi"] : ["inline"];

/** Node's arguments for a command of the lab. */
export const labCommand = (args: string[]) => ["--disable-warning=ExperimentalWarning", "lab/main.ts", ...args];

/** Polls until it is so. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await sleep(pollMs);
  }
}

export class Lab {
  readonly name: string;

  /** @param name never `lab`: a user's own stays alone */
  constructor(name: string) {
    this.name = name;
  }

  private command(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        labCommand(args),
        { env: { ...process.env, LAB_NAME: this.name }, maxBuffer: 64 << 20 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      );
    });
  }

  /** Asks the lab's daemon itself, for what no command of a user's does. */
  ask<T>(verb: string, args?: unknown): Promise<T> {
    return ask<T>(labPaths(this.name).control, verb, args);
  }

  /** A step of the test's story begins, null ends the last: who records the cloud's calls cuts there. */
  async begins(_step: string | null): Promise<void> {}

  /** A command that must succeed; gives what it printed. */
  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.command(args);
    if (code !== 0) throw new Error(`npm run lab -- ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
    return stdout + stderr;
  }

  /** A command that must be refused; gives what it printed. */
  async refused(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.command(args);
    if (code === 0) throw new Error(`npm run lab -- ${args.join(" ")} was expected to be refused, but succeeded`);
    return stdout + stderr;
  }

  // What only looks does in this process what the command would do: its start alone is half a second of CPU.

  private async cloudPair(pair?: string): Promise<CloudPair> {
    const found = (await pairsOf(this.name)).find((item) => pair === undefined || item.pair === pair);
    if (!found) throw new Error(`the lab "${this.name}" has no such pair`);
    return found;
  }

  /** What `status --json` prints. */
  async status(pair?: string): Promise<Status> {
    return collect(this.name, await this.cloudPair(pair));
  }

  /** What a script of root's prints on a node, past the network. */
  async on(node: "a" | "b", script: string): Promise<string> {
    const { instanceId } = (await this.cloudPair()).nodes[node];
    return this.ask<string>("exec", { instanceId, argv: ["sh", "-c", script] });
  }

  /** A second stack in the same account, with a key of its own, by the same engine. */
  async second(verb: "up" | "destroy"): Promise<void> {
    const config = readConfig(this.name);
    if (!config) throw new Error(`no lab ${this.name}`);
    const { dir } = labPaths(this.name);
    const { file: key, publicKey, privateKey } = this.secondKey();
    const settings = { ...complete(this.name, {}), sshPublicKey: publicKey, sshPrivateKey: privateKey };
    const place = { stack: "second", stateFile: join(dir, "second.json"), sshKeyFile: key };
    await runInline(verb, config, settings, place);
  }

  /** A key of its own for a second stack: in an account each public key is there once. */
  secondKey(): { file: string; publicKey: string; privateKey: string } {
    const file = join(labPaths(this.name).dir, "second-key");
    if (!existsSync(file)) execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-N", "", "-f", file]);
    return { file, publicKey: readFileSync(`${file}.pub`, "utf8").trim(), privateKey: readFileSync(file, "utf8") };
  }

  /**
   * Polls the status until it fits; the last one seen is in the error. Polling by commands kept a whole core from the
   * nodes that are waited for.
   */
  async until(fits: (status: Status) => boolean, what: string, pair?: string): Promise<Status> {
    const deadlineMs = Date.now() + limitMs;
    for (;;) {
      const status = await this.status(pair);
      if (fits(status)) return status;
      if (Date.now() > deadlineMs) {
        throw new Error(`${what}: not within ${limitMs / 1000} s. Last seen:\n${JSON.stringify(status, null, 1)}`);
      }
      await sleep(pairPollMs);
    }
  }

  converged(): Promise<Status> {
    return this.until((status) => status.converged, "the pair is converged");
  }

  master(status: Status): "a" | "b" {
    const master = status.nodes.find(({ state }) => state === "MASTER");
    if (!master) throw new Error(`no MASTER: ${JSON.stringify(status)}`);
    return master.name;
  }

  /** Brings the VIP to a node by stopping keepalived on the other one for a moment. */
  async makeMaster(node: "a" | "b"): Promise<void> {
    const status = await this.converged();
    if (this.master(status) === node) return;
    const other = node === "a" ? "b" : "a";
    await this.run("ssh", other, "systemctl stop keepalived");
    await this.until(
      (now) => now.nodes.some(({ name, state }) => name === node && state === "MASTER"),
      `${node} is MASTER`,
    );
    await this.run("ssh", other, "systemctl start keepalived");
    await this.converged();
  }

  /** Node that the cloud's own record has as the VIP's holder. */
  async holder(): Promise<"a" | "b" | null> {
    return (await this.cloudPair()).cloudHolder;
  }

  /** What a client gets from the VIP (vpc) or from the EIP (internet), "" where nobody answers. */
  async answer(client: "vpc" | "internet"): Promise<string> {
    const { vip, publicIp } = await this.cloudPair();
    const curl = ["curl", "-s", "-m", "2", `http://${client === "vpc" ? vip : publicIp}/`];
    const [file = "", ...args] = await clientArgv(this.name, client, curl);
    const unanswered = (error: { stdout: string }) => error;
    return (await promisify(execFile)(file, args).catch(unanswered)).stdout.trim();
  }

  async journal(): Promise<Call[]> {
    return this.ask<Call[]>("journal");
  }

  async leftInCloud(): Promise<{ notDeleted: string[]; forbidden: string[] }> {
    return JSON.parse(await this.run("journal", "--left")) as { notDeleted: string[]; forbidden: string[] };
  }

  /** Accepted logins in sshd's own journal on the machines that run, asked past the network. */
  async logins(): Promise<number> {
    const argv = ["sh", "-c", "journalctl -q -u ssh -o cat | grep -c '^Accepted ' || true"];
    const pairs = await this.ask<{ nodes: Record<string, { instanceId: string }> }[]>("pairs");
    const nodes = pairs.flatMap((pair) => Object.values(pair.nodes));
    const counts = nodes.map(async ({ instanceId }) =>
      (await this.ask<boolean>("running", instanceId))
        ? Number(await this.ask<string>("exec", { instanceId, argv }))
        : 0,
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** Network namespace of a client, for probes. */
  async namespace(client: "vpc" | "internet"): Promise<string> {
    return (await this.run("client", client, "ip", "netns", "identify")).trim();
  }
}
