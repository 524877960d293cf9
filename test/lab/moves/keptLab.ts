/** A pair with keepConnections in a lab, and a client that holds connections open, for the tests of what becomes of them. */
import assert from "node:assert/strict";
import {
  type Broken,
  Connections,
  connectionCount,
  echoInstall,
  echoPort,
  type Use,
} from "../../../lab/bench/client/connections.ts";
import { pairsOf } from "../../../lab/pair/inspect.ts";
import type { CloudPair } from "../../../lab/pair/pairs.ts";
import { Lab, until } from "../../support/lab.ts";

export type Node = "a" | "b";
export const nodes: Node[] = ["a", "b"];

/** What `end` gives of connections none of which a move has cost, and of those that were all reset. */
export const whole: Broken = { broken: 0, hanging: 0 };
export const reset: Broken = { broken: connectionCount, hanging: 0 };

interface Told {
  kept: { count: number | null; leftS: number } | null;
  carried: { count: number | null; leftS: number } | null;
  /** How many were open when the time was over, since the service has started. */
  reset: number;
}

/** Says what of keepConnections is on a node: files, tunnel, rules, tables, the tunnel's port. */
export const traces = `ls -d /etc/keepalived/connections.sh /sys/class/net/vip-kept /run/keepalived-vip/kept.json \\
  /run/keepalived-vip/connections.loaded 2>&-
ip link show type vxlan
ip rule show | grep -e 0x33 -e ^1009:
ip route show table 102 2>&-
ss -ulnH 'sport = :34'
if command -v nft >/dev/null; then nft list tables | grep keepalived_vip; fi
true`;

/** What of a kept connection is in the kernel of a node that is not MASTER, or is MASTER beside a peer that keeps none. */
const kernel = `for set in recording forward alone through; do
  nft list set ip keepalived_vip $set | sed -n "s/.*elements = /$set /p"
done`;

export class KeptLab extends Lab {
  #pair: CloudPair | undefined;
  #namespace = "";

  get pair(): CloudPair {
    assert.ok(this.#pair, "made");
    return this.#pair;
  }

  /** Makes the pair, with a program on both nodes that answers on connections. @param settings besides those */
  async make(...settings: string[]): Promise<void> {
    const all = [`servicePorts=${JSON.stringify([80, echoPort])}`, "keepConnections=10m", ...settings];
    await this.run("up", "--engine", "inline", ...all.flatMap((set) => ["--set", set]));
    [this.#pair] = await pairsOf(this.name);
    this.#namespace = await this.namespace("vpc");
    const { argv, input } = echoInstall;
    for (const node of nodes) {
      await this.ask("exec", { instanceId: this.pair.nodes[node].instanceId, argv, input });
    }
  }

  /** What a node's service says: its role, what does not work, and of connections, if it may keep any. */
  async told(node: Node): Promise<{ state: string; troubles: Record<string, string>; connections?: Told }> {
    return JSON.parse(await this.on(node, "cat /run/keepalived-vip/status.json"));
  }

  /** Connections that are open, and stay so until they are ended. */
  async held(use?: Use): Promise<Connections> {
    const connections = new Connections(this.#namespace, this.pair.vip, use);
    await connections.opened;
    return connections;
  }

  /** Until nothing is kept: only then does the next fault meet a pair that has forgotten the last one. */
  async over(): Promise<void> {
    for (const node of nodes) {
      await until(`${node} keeps and carries nothing`, async () => {
        const { connections: now } = await this.told(node);
        return (
          now !== undefined && now.kept === null && now.carried === null && (await this.on(node, kernel)).trim() === ""
        );
      });
    }
    await this.converged();
  }
}
