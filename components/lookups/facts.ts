/** Where a pair goes: what the user says of it, what the cloud tells, and what comes of both. */
import type { NodeName } from "../../render/model.ts";

/** As the user says it. Ids name what is there already; what has none is made. */
export interface PlaceSettings {
  /** Undefined: the existing subnet's. */
  zone?: string | undefined;
  vpcId?: string | undefined;
  /** Of the VPC that is made; undefined with an existing one. */
  vpcCidr?: string | undefined;
  subnetId?: string | undefined;
  /** Of the subnet that is made; undefined with an existing one. */
  subnetCidr?: string | undefined;
  vip: string;
  /** What is missing is chosen, in an existing subnet. */
  nodeAddresses: Partial<Record<NodeName, string | undefined>>;
  /** Security groups on every NIC, beside the pair's own. */
  securityGroupIds: string[];
  /** Machines that were there before the pair, undefined where it makes its own. */
  instanceIds?: Record<NodeName, string> | undefined;
  /** The EIP for the VIP, instead of one that is made. */
  publicIpId?: string | undefined;
}

/** Where the pair is. */
export interface Place {
  zone: string;
  /** Null: the pair makes its own. */
  vpcId: string | null;
  /** Networks of the VPC, the first one made with it. */
  vpcCidrs: [string, ...string[]];
  /** Null: the pair makes its own. */
  subnetId: string | null;
  subnetCidr: string;
  nodeAddresses: Record<NodeName, string>;
  /** The EIP that is there already, null without one. */
  eip: { id: string; address: string } | null;
}

export interface SubnetFact {
  id: string;
  name: string;
  vpcId: string;
  zone: string;
  cidr: string;
  /** How many addresses are left. */
  free: number;
}

/** What was found. Null: asked for, and not there; undefined: not asked for. */
export interface NetworkFacts {
  vpc?: { id: string; cidrs: [string, ...string[]] } | null;
  subnet?: SubnetFact | null;
  /** All subnets of the VPC, where the pair makes one of its own in it. */
  neighbours: SubnetFact[];
  /** Who has which of the addresses that the user names: the kind of thing and its id. */
  used: { address: string; kind: string; id: string }[];
  /** Addresses of the subnet that nobody has, for the nodes that were given none. */
  free: string[];
  /** Security groups that are not there. */
  missingGroups: string[];
  /** `boundTo` is an ENI or an instance, empty while it is bound to nothing. */
  eip?: { id: string; address: string; status: string; boundTo: string } | null;
  /** The ENIs that are already the pair's: its running stack's. */
  own: { node: NodeName; id: string; instanceId: string; primary: string; addresses: string[] }[];
}
