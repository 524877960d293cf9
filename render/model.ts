/** What the generator needs to know of a pair. Plain data: no Pulumi, no I/O. */

export const nodeNames = ["a", "b"] as const;
/** A node's identity. Roles (MASTER, BACKUP) move between nodes; names never do. */
export type NodeName = (typeof nodeNames)[number];

export const modes = ["stable", "standing-master"] as const;
/** `stable`: the VIP stays where it is. `standing-master`: it returns to the preferred node. */
export type Mode = (typeof modes)[number];

/** The other node of the pair. */
export const peerOf = (node: NodeName): NodeName => (node === "a" ? "b" : "a");

export const hookStates = ["active", "standby"] as const;
/** `active`: the cloud has the VIP on this node. `standby`: it is not here, or no longer. */
export type HookState = (typeof hookStates)[number];

/** A script of the user's, run when a node enters a state. */
export interface HookScript {
  state: HookState;
  /** File name; scripts run in the order of their names. */
  name: string;
  content: string;
}

/** A port of the user's service. */
export interface ServicePort {
  port: number;
  /** As a rule of a security group spells it. */
  protocol: "TCP" | "UDP";
}

export const healthKinds = ["process", "tcp", "http", "command"] as const;

/** How a node finds out whether the user's service works on it. */
export interface HealthCheck {
  kind: (typeof healthKinds)[number];
  /** process: a systemd unit or a pid file's path; tcp: a port; http: a URL of the node itself; command: a shell command line. */
  target: string | number;
  intervalS: number;
  timeoutS: number;
  /** Failures in a row that make the node give up the VIP. The death of a watched process counts at once. */
  fall: number;
  /** Successes in a row after which it takes part again. */
  rise: number;
  /** The user keeps it secret: what is checked is told nowhere. */
  secret: boolean;
}

/** How the receiver behind notifyUrl is spoken to: as a program, or as a chat service's robot. */
export const notifyFormats = ["json", "wecom", "feishu", "dingtalk", "slack"] as const;
export type NotifyFormat = (typeof notifyFormats)[number];

/** Everything that is known before the cloud has made anything. */
export interface PairSettings {
  /** Unique in the account: `<project>-<stack>`. */
  pair: string;
  mode: Mode;
  /** The node that gets the VIP back in `standing-master`; of no effect in `stable`. */
  preferredNode: NodeName;
  /** Seconds that the preferred node waits before it takes the VIP back, 0-1000. */
  preemptDelayS: number;
  /** VRRP advert interval in milliseconds, a multiple of 10. */
  advertIntervalMs: number;
  /** VRRP virtual router id, 1-255. */
  virtualRouterId: number;
  /**
   * Seconds for which a node that has given the VIP up goes on serving the connections that it has, through the new holder:
   * 10-86400; null: not at all. See docs/connections.md.
   */
  keepConnectionsS: number | null;
  /** The virtual IP, IPv4. */
  vip: string;
  /** CIDR of the subnet that holds the VIP and both nodes' ENI addresses. */
  subnetCidr: string;
  /** Primary address of each node's dedicated ENI: VRRP speaks from here. */
  nodeAddresses: Record<NodeName, string>;
  /** Tencent Cloud region, e.g. `ap-guangzhou`. */
  region: string;
  /** Hosts of the VPC API, in the order in which the runtime tries them; no scheme. */
  vpcEndpoints: string[];
  /** Null without one: then only the node itself counts. */
  healthCheck: HealthCheck | null;
  hooks: HookScript[];
  /** Where moves and troubles are told, null without one. A secret: it may carry a token. */
  notifyUrl: string | null;
  notifyFormat: NotifyFormat;
  /** What a robot's messages are signed with, null without one. */
  notifySecret: string | null;
}

/** What only the cloud can tell, known once the ENIs exist. */
export interface CloudIds {
  eniIds: Record<NodeName, string>;
  /** MAC of each ENI: the one thing by which the guest recognises its second NIC. */
  eniMacs: Record<NodeName, string>;
  /** Id of the EIP on the VIP, null without a public address. */
  eipId: string | null;
}

/** One file as it lands on a node. */
export interface NodeFile {
  /** Absolute path on the node. */
  path: string;
  /** Octal, four digits, e.g. `0644`. */
  mode: string;
  /** `user:group`. */
  owner: string;
  content: string;
  /**
   * What in it no message may show. A file with any is shown nowhere at all: not in a preview, a list or the state in
   * clear. Undefined for a file that anybody may read.
   */
  secrets?: string[];
}

/** A machine through which SSH goes to the nodes. */
export interface Bastion {
  /** Name or IPv4 address. */
  host: string;
  user: string;
  port: number;
  /** Its host key, undefined to accept any. */
  hostKey: string | undefined;
  /** Private key, PEM; the nodes' own key when undefined. */
  privateKey: string | undefined;
}
