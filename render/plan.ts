import { blockOf, formatAddress } from "./ipv4.ts";
import { type CloudIds, type HealthCheck, type Mode, type NodeName, type PairSettings, peerOf } from "./model.ts";

/** Name of the second NIC on both nodes: it carries VRRP and the VIP. */
export const vipInterface = "eth1";
/** Routing table of the second NIC; free on stock images (253-255 are the system's). */
const routeTable = 101;
/** Seconds between two looks at the cloud while a node is MASTER and all is well; in long calm 2.5 times as many. */
const reassertIntervalS = 20;

/**
 * High on purpose: after a planned stop the peer waits (256 - priority)/256 of an advert interval.
 * 255 is reserved for the owner of the address and would clear nopreempt.
 */
const topPriority = 250;
const lowerPriority = 220;

/** Every value in a node's keepalived.conf, decided; also the keys that the other templates may use. */
export interface KeepalivedPlan {
  pair: string;
  node: NodeName;
  mode: Mode;
  interface: string;
  virtualRouterId: number;
  /** Seconds with a fraction, as keepalived reads them, e.g. `0.5`. */
  advertIntervalS: string;
  priority: number;
  nopreempt: boolean;
  /** Seconds as text, so that 0 is shown as well; null where the line has no place. */
  preemptDelayS: string | null;
  address: string;
  peerAddress: string;
  vip: string;
}

/** /etc/keepalived/vip.json: what the runtime and nic.sh know of their node. */
export interface VipConfig {
  schemaVersion: 1;
  pair: string;
  node: NodeName;
  peer: NodeName;
  mode: Mode;
  /** Whether the VIP returns to this node; false on both in `stable`. */
  preferred: boolean;
  vip: string;
  address: string;
  peerAddress: string;
  interface: string;
  virtualRouterId: number;
  mac: string;
  subnetCidr: string;
  gateway: string;
  routeTable: number;
  eniId: string;
  peerEniId: string;
  eipId: string | null;
  region: string;
  vpcEndpoints: string[];
  advertIntervalMs: number;
  reassertIntervalS: number;
  healthCheck: HealthCheck | null;
  /** Only where connections are kept: a pair that keeps none has the file that it had before. */
  keepConnectionsS?: number;
}

const isPreferred = (settings: PairSettings, node: NodeName): boolean =>
  settings.mode === "standing-master" && settings.preferredNode === node;

/** The subnet's first host: Tencent Cloud keeps it for the router of every subnet. */
const gatewayOf = (subnetCidr: string): string => formatAddress(blockOf(subnetCidr).first + 1);

/**
 * Who gets which priority and timer. Both nodes always start as BACKUP.
 * stable: equal priorities and nopreempt, so a node that comes back takes nothing away.
 * standing-master: the preferred node has the higher priority and waits preemptDelayS before it takes the VIP back.
 */
export function planKeepalived(settings: PairSettings, node: NodeName): KeepalivedPlan {
  const standing = settings.mode === "standing-master";
  const preferred = isPreferred(settings, node);
  return {
    pair: settings.pair,
    node,
    mode: settings.mode,
    interface: vipInterface,
    virtualRouterId: settings.virtualRouterId,
    advertIntervalS: String(settings.advertIntervalMs / 1000),
    priority: standing && !preferred ? lowerPriority : topPriority,
    nopreempt: !standing,
    preemptDelayS: preferred ? String(settings.preemptDelayS) : null,
    address: settings.nodeAddresses[node],
    peerAddress: settings.nodeAddresses[peerOf(node)],
    vip: settings.vip,
  };
}

/** What the node's own scripts need, once the cloud has made the ENIs. */
export function planVipConfig(settings: PairSettings, ids: CloudIds, node: NodeName): VipConfig {
  const peer = peerOf(node);
  return {
    schemaVersion: 1,
    pair: settings.pair,
    node,
    peer,
    mode: settings.mode,
    preferred: isPreferred(settings, node),
    vip: settings.vip,
    address: settings.nodeAddresses[node],
    peerAddress: settings.nodeAddresses[peer],
    interface: vipInterface,
    virtualRouterId: settings.virtualRouterId,
    mac: ids.eniMacs[node],
    subnetCidr: settings.subnetCidr,
    gateway: gatewayOf(settings.subnetCidr),
    routeTable,
    eniId: ids.eniIds[node],
    peerEniId: ids.eniIds[peer],
    eipId: ids.eipId,
    region: settings.region,
    vpcEndpoints: settings.vpcEndpoints,
    advertIntervalMs: settings.advertIntervalMs,
    reassertIntervalS,
    healthCheck: settings.healthCheck,
    ...(settings.keepConnectionsS !== null && { keepConnectionsS: settings.keepConnectionsS }),
  };
}
