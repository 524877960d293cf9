/** Faults of power and cables: the fabric makes them, and one call undoes them all. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Kind, type NodeName, onNode, otherThan, type Scene } from "./fault.ts";

/** Longer than three adverts of any speed but `patient`'s, so that the peer takes over meanwhile. */
const stallMs = 3000;
/** Longer than the 20 s between a MASTER's looks at the cloud soon after a fault, and the move it might make then. */
const secondThoughtMs = 26_000;
/** As if many dozen programs per core wanted to run: a process that needs 1 ms of CPU takes 30. */
const busyPercent = 3;
const rebootLimitMs = 60_000;

const idOf = ({ pair }: Scene, node: NodeName) => pair.nodes[node].instanceId;

/** Restarts a node from inside; resolves once the new life has begun. */
async function reboot(scene: Scene, node: NodeName): Promise<void> {
  const born = () => onNode(scene, node, "cut -d' ' -f22 /proc/1/stat").catch(() => "");
  const before = await born();
  await onNode(scene, node, "systemctl reboot --no-block");
  const deadlineMs = Date.now() + rebootLimitMs;
  for (let now = before; now === before || now === ""; now = await born()) {
    if (Date.now() > deadlineMs) throw new Error(`node ${node} did not reboot`);
    await sleep(50);
  }
}

export const powerAndCables: Kind = {
  faults: [
    {
      name: "power",
      what: "power cut: NICs dead, then every process gone",
      vip: "moves",
      inject: (scene, node) => scene.fabric.powerOff(idOf(scene, node)),
    },
    {
      name: "nic",
      what: "the ENI with the VIP loses every packet, the guest sees nothing",
      vip: "moves",
      holdsMs: secondThoughtMs,
      afterwards: "either",
      inject: (scene, node) => scene.fabric.cutNic(idOf(scene, node), [scene.pair.nodes[node].eniId]),
    },
    {
      name: "nic-standby",
      what: "the ENI without the VIP loses every packet: its node hears no MASTER",
      vip: "stays",
      lossless: true,
      holdsMs: secondThoughtMs,
      at: "standby",
      afterwards: "either",
      internal: true,
      inject: (scene, node) => scene.fabric.cutNic(idOf(scene, node), [scene.pair.nodes[node].eniId]),
    },
    {
      name: "partition",
      what: "VRRP between the nodes is lost in both directions, all else works",
      vip: "either",
      lossless: true,
      inject: (scene) => scene.fabric.partition(idOf(scene, "a"), idOf(scene, "b")),
    },
    {
      name: "oneway",
      what: "the VRRP that this node sends is lost, what it hears is not",
      vip: "either",
      lossless: true,
      inject: (scene, node) =>
        scene.fabric.partition(idOf(scene, node), idOf(scene, otherThan(node)), { oneway: true }),
    },
    {
      name: "stall",
      what: `the whole node stands still for ${stallMs / 1000} s, then goes on`,
      vip: "either",
      lossless: true,
      passes: true,
      movesAtMost: 1,
      restMs: 6000,
      inject: async (scene, node) => {
        await scene.fabric.freeze(idOf(scene, node));
        await sleep(stallMs);
        await scene.fabric.thaw(idOf(scene, node));
      },
    },
    {
      name: "overload",
      what: `the node serves, and all its processes together get ${busyPercent} % of a CPU`,
      vip: "stays",
      lossless: true,
      holdsMs: secondThoughtMs,
      inject: (scene, node) => scene.fabric.overload(idOf(scene, node), busyPercent),
    },
    {
      name: "keepalived-hung",
      what: "keepalived stands still (SIGSTOP), the VIP on its NIC; all else on the node goes on",
      vip: "moves",
      lossless: true,
      holdsMs: secondThoughtMs,
      // The peer's, one claimed back before the silence is long enough to count, and the peer's again.
      movesAtMost: 3,
      afterwards: "either",
      inject: (scene, node) => scene.fabric.freeze(idOf(scene, node), "keepalived"),
    },
    {
      name: "firewall",
      what: "the standby reboots with a firewall that lets in SSH and HTTP only: it does not hear that the MASTER lives",
      vip: "stays",
      at: "standby",
      holdsMs: secondThoughtMs,
      lossless: true,
      inject: async (scene, node) => {
        await scene.fabric.firewall(idOf(scene, node));
        await reboot(scene, node);
      },
    },
    {
      name: "both-down",
      what: "power cut of both nodes",
      vip: "waits",
      inject: async (scene) => {
        await Promise.all([scene.fabric.powerOff(idOf(scene, "a")), scene.fabric.powerOff(idOf(scene, "b"))]);
      },
    },
    {
      name: "both-rebooted",
      what: "both nodes reboot at once",
      vip: "either",
      passes: true,
      internal: true,
      inject: async (scene) => {
        await Promise.all([reboot(scene, "a"), reboot(scene, "b")]);
      },
    },
    {
      name: "network-late",
      what: "the node boots, and its NICs carry nothing yet",
      vip: "moves",
      afterwards: "either",
      internal: true,
      inject: async (scene, node) => {
        await scene.fabric.powerOff(idOf(scene, node));
        await scene.fabric.cutNic(idOf(scene, node), "all");
        await scene.fabric.powerOn(idOf(scene, node));
      },
    },
  ],
  undo: ({ fabric }) => fabric.heal(),
};
