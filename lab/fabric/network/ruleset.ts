/** The rules of one VPC's router as text for nft: anti-spoofing, security groups, NAT and injected faults. Pure. */
import type { NetworkView, PortView, RuleView } from "../../dataplane.ts";
import { nameserver } from "../image/imageFiles.ts";
import { portName } from "../names.ts";

export interface ServicePorts {
  metadataPort: number;
  apiTlsPort: number;
  dnsPort: number;
  mirrorPort: number;
}

/** Faults of one router, by port name. */
export interface RouterFaults {
  /** Ports that lose every packet. */
  dead: string[];
  /** From port to port: VRRP alone, or all traffic, is lost. */
  cut: { from: string; to: string; all: boolean }[];
}

export interface RulesetInput {
  view: NetworkView;
  /** Root's end of the link to the router, where the services are. */
  root: string;
  services: ServicePorts;
  faults: RouterFaults;
}

/**
 * How long a port that an address has left may still send from it: what it had answered is on its way, and the cloud carries
 * it while the move ends. Long for a packet, also on a busy machine, and short beside all that a node decides by.
 */
const departureMs = 1000;

const chainOf = (direction: "in" | "out", port: PortView) =>
  `${direction}_${portName(port.eniId).replaceAll("-", "_")}`;

/** The match of one security-group rule; null for a protocol that IPv4 in this fabric does not carry. */
function matchOf(rule: RuleView, side: "saddr" | "daddr"): string | null {
  const parts: string[] = [];
  if (rule.cidr.includes(":")) return null;
  if (rule.cidr && rule.cidr !== "0.0.0.0/0") parts.push(`ip ${side} ${rule.cidr}`);
  const protocol = rule.protocol.toUpperCase();
  const ports = rule.port.toUpperCase();
  if (protocol === "TCP" || protocol === "UDP") {
    const list = ports.split(",").map((port) => port.trim());
    parts.push(
      ports === "ALL" || ports === ""
        ? `meta l4proto ${protocol.toLowerCase()}`
        : `${protocol.toLowerCase()} dport { ${list.join(", ")} }`,
    );
  } else if (protocol === "ICMP" || protocol === "GRE") {
    parts.push(`meta l4proto ${protocol.toLowerCase()}`);
  } else if (protocol !== "ALL") {
    return null;
  }
  return parts.join(" ");
}

/** A security group: its rules in order, the first match decides, nothing passes that no rule lets pass. */
function groupChain(direction: "in" | "out", port: PortView): string {
  const rules = direction === "in" ? port.ingress : port.egress;
  const lines = rules.map((rule) => {
    const match = matchOf(rule, direction === "in" ? "saddr" : "daddr");
    return match === null
      ? null
      : `    ${match} ${rule.action === "ACCEPT" ? "return" : "counter name groupdrop drop"}`;
  });
  const kept = lines.filter((line) => line !== null);
  return [`  chain ${chainOf(direction, port)} {`, ...kept, "    counter name groupdrop drop", "  }"].join("\n");
}

const elements = (list: string[]) => (list.length > 0 ? ` elements = { ${list.join(", ")} }` : "");
/** An anonymous map may not be empty. */
const dispatch = (key: string, direction: "in" | "out", ports: PortView[]) =>
  ports.length > 0
    ? `${key} vmap { ${ports.map((port) => `"${portName(port.eniId)}" : jump ${chainOf(direction, port)}`).join(", ")} }`
    : "";

/** Lets each port that an address is about to leave send from it for a moment more, and none of the change before. */
export const departing = (moves: { dev: string; address: string }[]): string =>
  [
    "flush set inet fabric departing",
    ...moves.map(({ dev, address }) => `add element inet fabric departing { "${dev}" . ${address} }`),
  ].join("\n");

/** The whole table, to be loaded as one transaction in the place of the former one. */
export function ruleset({ view, root, services, faults }: RulesetInput): string {
  const ports = view.ports;
  const names = ports.map((port) => portName(port.eniId));
  const present = (name: string) => names.includes(name);
  const cuts = faults.cut.filter(({ from, to }) => present(from) && present(to));
  const pairs = (all: boolean) => cuts.filter((cut) => cut.all === all).map(({ from, to }) => `"${from}" . "${to}"`);
  const eips = view.publicAddresses;
  const dead = `set dead { type ifname;${elements(faults.dead.filter(present).map((name) => `"${name}"`))} }`;
  return `table arp fabric
delete table arp fabric
table arp fabric {
  ${dead}
  chain arrived { type filter hook input priority filter; policy accept;
    iifname @dead drop
  }
}
table inet fabric
delete table inet fabric
table inet fabric {
  set port { type ifname;${elements(names.map((name) => `"${name}"`))} }
  ${dead}
  set cut_all { type ifname . ifname;${elements(pairs(true))} }
  set cut_vrrp { type ifname . ifname;${elements(pairs(false))} }
  set public { type ipv4_addr;${elements(eips.map(({ privateIp }) => privateIp))} }
  map to_private { type ipv4_addr : ipv4_addr;${elements(eips.map((eip) => `${eip.publicIp} : ${eip.privateIp}`))} }
  map to_public { type ipv4_addr : ipv4_addr;${elements(eips.map((eip) => `${eip.privateIp} : ${eip.publicIp}`))} }
  set departing { type ifname . ipv4_addr; flags timeout; timeout ${departureMs}ms; }
  counter spoofed { }
  counter groupdrop { }
  counter cutdrop { }
  counter nopublic { }

  chain early { type filter hook prerouting priority raw; policy accept;
    iifname @dead counter name cutdrop drop
    iifname "inet" ip daddr ${view.cidr} drop
    # Tracked, VRRP would stay "established" after its permit is gone.
    meta l4proto 112 notrack
  }
  chain antispoof { type filter hook prerouting priority mangle; policy accept;
    iifname { "client", "inet", "root" } meta protocol ip6 drop
    iifname @port meta protocol ip6 drop
    iifname . ip saddr @departing accept
    # The routes are the truth of who owns which address, so a move is no reload.
    iifname @port meta protocol ip fib saddr . iif oif missing counter name spoofed drop
  }
  chain forwarded { type filter hook forward priority filter; policy drop;
    oifname @dead counter name cutdrop drop
    iifname . oifname @cut_all counter name cutdrop drop
    meta l4proto 112 iifname . oifname @cut_vrrp counter name cutdrop drop
    oifname "inet" ip saddr != @public counter name nopublic drop
    meta l4proto != 112 ct state established,related accept
    oifname "root" ct status dnat accept
    oifname "root" drop
    iifname "inet" oifname "inet" drop
    ${dispatch("iifname", "out", ports)}
    ${dispatch("oifname", "in", ports)}
    oifname @port accept
    oifname { "inet", "client" } accept
  }
  # Nobody talks to the router itself, but a gateway answers ping.
  chain to_router { type filter hook input priority filter; policy drop;
    meta l4proto icmp accept
  }
${ports.flatMap((port) => [groupChain("out", port), groupChain("in", port)]).join("\n")}
  chain nat_in { type nat hook prerouting priority dstnat; policy accept;
    iifname @port ip daddr 169.254.0.23 tcp dport 80 dnat ip to ${root}:${services.metadataPort}
    iifname @port ip daddr 169.254.0.24 tcp dport 443 dnat ip to ${root}:${services.apiTlsPort}
    iifname @port ip daddr 169.254.0.25 tcp dport 80 dnat ip to ${root}:${services.mirrorPort}
    iifname @port ip daddr ${nameserver} udp dport 53 dnat ip to ${root}:${services.dnsPort}
    dnat ip to ip daddr map @to_private
  }
  chain nat_out { type nat hook postrouting priority srcnat; policy accept;
    oifname "inet" snat ip to ip saddr map @to_public
  }
}
`;
}

/** A firewall inside a machine's own namespace, as careful people have it: what it does not know of, VRRP too, is dropped. */
export const closedHost = `table inet host {}
delete table inet host
table inet host {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname lo accept
    ct state established,related accept
    tcp dport { 22, 80 } accept
  }
}
`;

/** Takes it away; no error where it is not. */
export const openHost = `table inet host {}
delete table inet host
`;
