/** What may exist in the account: one type for each kind of thing. The ids of others are plain text in them. */

/** A JSON object. */
export type Json = Record<string, unknown>;

export interface ApiTag {
  Key: string;
  Value?: string;
}

export interface TagSpecification {
  ResourceType: string;
  Tags: ApiTag[];
}

export interface Vpc {
  id: string;
  name: string;
  cidr: string;
  createdMs: number;
  multicast: boolean;
  dnsServers: string[];
  publish: boolean;
  publishIpv6: boolean;
  /** Every VPC is born with a main route table. */
  routeTableId: string;
}

export interface Subnet {
  id: string;
  vpcId: string;
  name: string;
  cidr: string;
  zone: string;
  createdMs: number;
  broadcast: boolean;
}

export interface PrivateIp {
  address: string;
  primary: boolean;
  description: string;
  /** DEFAULT when absent. */
  qosLevel?: string | undefined;
  state: "PENDING" | "AVAILABLE" | "MIGRATING" | "DELETING";
  /** The ENI that it is moving to. */
  movingTo?: string;
  /** When its last move ended. */
  movedMs?: number;
}

export interface Eni {
  id: string;
  name: string;
  description: string;
  vpcId: string;
  subnetId: string;
  zone: string;
  groupIds: string[];
  primary: boolean;
  mac: string;
  state: "PENDING" | "AVAILABLE" | "ATTACHING" | "DETACHING" | "DELETING";
  createdMs: number;
  addresses: PrivateIp[];
  attachment: { instanceId: string; deviceIndex: number; atMs: number } | null;
}

export interface Eip {
  id: string;
  name: string;
  publicIp: string;
  chargeType: string;
  bandwidthMbps: number;
  createdMs: number;
  /** READY: bound or not, as `binding` says. */
  state: "CREATING" | "READY" | "BINDING" | "UNBINDING" | "OFFLINING";
  /** The ENI and the private address on it. */
  binding: { eniId: string; address: string } | null;
}

export interface ReservedIp {
  id: string;
  name: string;
  description: string;
  vpcId: string;
  subnetId: string;
  address: string;
  createdMs: number;
}

export interface Rule {
  protocol: string;
  port: string;
  /** The port as the request spelled it. */
  portSent: string;
  /** The source (of egress, the destination): one of these, the others are "". */
  cidr: string;
  ipv6Cidr: string;
  /** Another security group: the addresses of its members. */
  groupId: string;
  action: "ACCEPT" | "DROP";
  description: string;
  modifiedMs: number;
}

export interface SecurityGroup {
  id: string;
  name: string;
  description: string;
  projectId: string;
  createdMs: number;
  updatedMs: number;
  /** Counts changes of the rules. */
  version: number;
  ingress: Rule[];
  egress: Rule[];
}

export interface InstanceType {
  name: string;
  cpu: number;
  /** GiB */
  memory: number;
}

export interface Instance {
  id: string;
  name: string;
  type: InstanceType;
  zone: string;
  vpcId: string;
  subnetId: string;
  imageId: string;
  state: "PENDING" | "LAUNCH_FAILED" | "RUNNING" | "STOPPED" | "STARTING" | "STOPPING" | "REBOOTING" | "TERMINATING";
  operation: { name: string; state: "OPERATING" | "SUCCESS" | "FAILED"; requestId: string; error: string };
  uuid: string;
  createdMs: number;
  diskId: string;
  diskType: string;
  diskSizeGb: number;
  groupIds: string[];
  keyIds: string[];
  roleName: string | null;
  placementGroupIds: string[];
  /** base64, "" without. */
  userData: string;
  /** Public address of its own, "" without. */
  publicIp: string;
  bandwidthMbps: number;
  internetChargeType: string;
  projectId: number;
  protectedFromTermination: boolean;
  /** Stopped with STOP_CHARGING: the cloud may give its host to others. */
  chargingStopped?: boolean;
}

export interface KeyPair {
  id: string;
  name: string;
  projectId: number;
  description: string;
  /** Type and key, without a comment. */
  publicKey: string;
  createdMs: number;
}

export interface PlacementGroup {
  id: string;
  name: string;
  type: "HOST" | "SW" | "RACK";
  affinity: number;
  createdMs: number;
}

export interface Statement {
  effect: "allow" | "deny";
  actions: string[];
  resources: string[];
}

export interface Policy {
  /** A decimal number. */
  id: string;
  name: string;
  document: string;
  /** Until a new document is in force. */
  formerDocument: string;
  description: string;
  createdMs: number;
  updatedMs: number;
}

export interface Role {
  id: string;
  name: string;
  document: string;
  description: string;
  createdMs: number;
  updatedMs: number;
  /** Policy id to the time it was attached. */
  policies: Map<string, number>;
}

/** Of the account, without a login: there to sign calls. */
export interface User {
  name: string;
  uin: number;
  uid: number;
  remark: string;
  /** By their ids; the secrets are with the credentials alone. */
  keys: Map<string, { status: "Active" | "Inactive"; createdMs: number }>;
  /** Policy id to the time it was attached. */
  policies: Map<string, number>;
}

export type Caller =
  | { kind: "root" }
  | { kind: "user"; user: string }
  | { kind: "role"; role: string }
  /** The account's own key, held down to a policy. */
  | { kind: "federated"; name: string; statements: Statement[] };
