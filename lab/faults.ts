/** The one list of faults: for `fail --how`, for the tests and for the bench. Each knows how it is made and undone. */
import type { Cloud } from "./cloud/index.ts";
import type { Fabric } from "./fabric/index.ts";

export interface Pair {
  /** Instance ids of the two nodes and the ENIs that carry VRRP and the VIP. */
  nodes: Record<"a" | "b", { instanceId: string; eniId: string }>;
}

export interface Scene {
  fabric: Fabric;
  cloud: Cloud;
  pair: Pair;
}

export interface Fault {
  name: string;
  what: string;
  inject(scene: Scene, node: "a" | "b"): Promise<void>;
}

/** Longer than three adverts of any speed but `patient`'s, so that the peer takes over meanwhile. */
const stallMs = 3000;

export const faults: Fault[] = [
  {
    name: "power",
    what: "power cut: NICs dead, then every process gone",
    inject: ({ fabric, pair }, node) => fabric.powerOff(pair.nodes[node].instanceId),
  },
  {
    name: "nic",
    what: "the ENI with the VIP loses every packet, the guest sees nothing",
    inject: ({ fabric, pair }, node) => fabric.cutNic(pair.nodes[node].instanceId, [pair.nodes[node].eniId]),
  },
  {
    name: "partition",
    what: "VRRP between the nodes is lost in both directions, all else works",
    inject: ({ fabric, pair }) => fabric.partition(pair.nodes.a.instanceId, pair.nodes.b.instanceId),
  },
  {
    name: "keepalived-stop",
    what: "systemctl stop keepalived",
    inject: async ({ fabric, pair }, node) => {
      await fabric.exec(pair.nodes[node].instanceId, ["systemctl", "stop", "keepalived"]);
    },
  },
  {
    name: "keepalived-kill",
    what: "kill -9 of every keepalived process",
    inject: async ({ fabric, pair }, node) => {
      await fabric.exec(pair.nodes[node].instanceId, ["systemctl", "kill", "-s", "KILL", "keepalived"]);
    },
  },
  {
    name: "stall",
    what: `the whole node stands still for ${stallMs / 1000} s, then goes on`,
    inject: async ({ fabric, pair }, node) => {
      await fabric.freeze(pair.nodes[node].instanceId);
      await new Promise((done) => setTimeout(done, stallMs));
      await fabric.thaw(pair.nodes[node].instanceId);
    },
  },
  {
    name: "api-down",
    what: "the cloud's API takes no connections",
    inject: async ({ cloud }) => {
      cloud.faults.set({ apiDown: true });
    },
  },
];

/** Undoes every fault: machines on, packets flow, keepalived runs, the cloud answers. */
export async function healAll({ fabric, cloud, pair }: Scene): Promise<void> {
  cloud.faults.reset();
  await fabric.heal();
  for (const { instanceId } of Object.values(pair.nodes)) {
    // A machine that was just switched on has no systemd to talk to yet; it starts keepalived itself.
    await fabric.exec(instanceId, ["systemctl", "start", "--no-block", "keepalived"]).catch(() => {});
  }
}

export const faultNames = (): string[] => faults.map(({ name }) => name);
