/** Faults inside a node: its processes, its second NIC, its disk. */
import { type Kind, onNode } from "./fault.ts";

const killed = (unit: string) => `systemctl kill -s KILL ${unit}`;
const run = "/run/keepalived-vip";
const hook = "/etc/keepalived/notify_action.sh";
/** The last that is written before a keepalived starts. */
const startedAnew = `until [ -s ${run}/applied/keepalived ]; do sleep 0.2; done`;
/** The service sees it for 5 s before it does anything, and a hand-over takes up to 26 s. */
const mendedLimitS = 60;

/** Puts back what the faults below have changed; what they have not is left alone. */
const undo = `
  for folder in $(awk '$1 == "full" { print $2 }' /proc/mounts); do umount -l "$folder"; done
  if grep -q ' ${hook} ' /proc/mounts; then
    umount -l ${hook}
    systemctl reload keepalived # it opens the pipe that is there now
  fi
  systemctl start --no-block keepalived`;

export const node: Kind = {
  faults: [
    {
      name: "keepalived-stop",
      what: "systemctl stop keepalived",
      vip: "moves",
      lossless: true,
      movesAtMost: 1,
      inject: async (scene, name) => void (await onNode(scene, name, "systemctl stop keepalived")),
    },
    {
      name: "keepalived-kill",
      what: "kill -9 of every keepalived process",
      vip: "either",
      lossless: true,
      passes: true,
      movesAtMost: 1,
      inject: async (scene, name) => void (await onNode(scene, name, killed("keepalived"))),
    },
    {
      name: "folder-removed",
      what: `rm -rf ${run}: keepalived is cut off from its pipe and from what tells it to give up`,
      vip: "either",
      passes: true,
      lossless: true,
      // Handed over before keepalived is started anew.
      movesAtMost: 1,
      inject: async (scene, name) =>
        void (await onNode(scene, name, `rm -rf ${run}; timeout ${mendedLimitS} sh -c '${startedAnew}'`)),
    },
    {
      name: "service-kill",
      what: "kill -9 of keepalived-vip.service",
      vip: "moves",
      at: "standby",
      needsTrigger: true,
      passes: true,
      inject: async (scene, name) => void (await onNode(scene, name, killed("keepalived-vip"))),
    },
    {
      name: "process",
      what: "kill -9 of the user's own service, say-name.service; systemd starts it again",
      vip: "either",
      lossless: true,
      passes: true,
      inject: async (scene, name) => void (await onNode(scene, name, killed("say-name"))),
    },
    {
      name: "address-removed",
      what: "the second NIC loses its own address",
      vip: "either",
      passes: true,
      internal: true,
      inject: async (scene, name) => {
        const { address } = scene.pair.nodes[name];
        const nic = `$(ip -4 -o addr show to ${address} | awk '{ print $2 }')`;
        await onNode(scene, name, `ip addr flush dev "${nic}" to ${address}`);
      },
    },
    {
      name: "routes-removed",
      what: "the second NIC loses its routing table",
      vip: "stays",
      passes: true,
      internal: true,
      inject: async (scene, name) => {
        const { address } = scene.pair.nodes[name];
        const table = `$(ip rule | sed -n 's/.*from ${address} lookup //p')`;
        await onNode(scene, name, `ip route flush table ${table}`);
      },
    },
    {
      name: "rules-removed",
      what: "the source rules of the second NIC are gone, as after `networkctl reconfigure`",
      vip: "stays",
      passes: true,
      internal: true,
      inject: async (scene, name) => {
        const own = [scene.pair.nodes[name].address, scene.pair.vip];
        await onNode(scene, name, own.map((address) => `ip rule del from ${address}`).join("\n"));
      },
    },
    {
      name: "disk-full",
      what: "no byte can be written to the disk's /var and /tmp",
      vip: "moves",
      at: "standby",
      needsTrigger: true,
      internal: true,
      // The machine's disk is this host's, so full ones are laid over the folders that are written to.
      inject: async (scene, name) =>
        void (await onNode(
          scene,
          name,
          `for folder in /var/log /var/lib/keepalived-vip /tmp; do
            mount -t tmpfs -o size=4k full "$folder"
            head -c 4096 /dev/zero >"$folder/full"
          done`,
        )),
    },
    {
      name: "notify-lost",
      what: "no word of keepalived arrives: its pipe was replaced, its hooks do nothing",
      vip: "moves",
      // The service has such a keepalived started anew after 5 s, and its peer take over where it can. A peer that is just
      // booting hears the farewell, or not: it took the VIP in 10 of 30 runs on a busy machine.
      afterwards: "either",
      at: "standby",
      needsTrigger: true,
      internal: true,
      // The service starts anew, for it reads a replaced pipe on; keepalived writes to the old one.
      inject: async (scene, name) =>
        void (await onNode(
          scene,
          name,
          `rm ${run}/keepalived.fifo; mkfifo -m 600 ${run}/keepalived.fifo
          mount --bind "$(readlink -f /bin/true)" ${hook}
          ${killed("keepalived-vip")}`,
        )),
    },
  ],
  undo: async (scene) => {
    for (const name of ["a", "b"] as const) {
      // A machine that was just switched on has no systemd to talk to yet; it starts keepalived itself.
      await onNode(scene, name, undo).catch(() => {});
    }
  },
};
