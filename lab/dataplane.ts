/**
 * The one interface between the local cloud (which decides what is true) and the fabric (which makes packets obey).
 * The cloud calls it; the fabric implements it. Contract tests of the cloud use a plane that does nothing.
 */

/** One rule of a security group as the API states it, in order; the first match decides. */
export interface RuleView {
  /** TCP, UDP, ICMP or ALL. */
  protocol: string;
  /** "ALL", "80", "80,443" or "8000-8100". */
  port: string;
  cidr: string;
  action: "ACCEPT" | "DROP";
}

/** One ENI that is attached to a machine. */
export interface PortView {
  eniId: string;
  subnetId: string;
  instanceId: string;
  /** 0 is the primary NIC (eth0). */
  deviceIndex: number;
  /** Upper case, colon separated, as the API shows it. */
  mac: string;
  primaryAddress: string;
  /** Every address whose packets this ENI gets now, the primary one included. */
  addresses: string[];
  ingress: RuleView[];
  egress: RuleView[];
}

/** One VPC. Two VPCs may use the same addresses. */
export interface NetworkView {
  vpcId: string;
  cidr: string;
  subnets: { subnetId: string; cidr: string; gateway: string }[];
  ports: PortView[];
  /** 1:1 NAT: EIPs and the public addresses of machines. */
  publicAddresses: { publicIp: string; privateIp: string }[];
}

/** A CVM, as far as the machine that plays it is concerned. */
export interface MachineSpec {
  instanceId: string;
  vpcId: string;
  /** InstanceName: becomes the host name. */
  name: string;
  imageId: string;
  /** ... and its name, as the cloud lists it: `Debian 12.0 64bit`. */
  imageName: string;
  /** OpenSSH public key lines for the image's default user. */
  sshPublicKeys: string[];
  /** Plain text, "" without user data. */
  userData: string;
}

export interface Dataplane {
  /** Makes all networks what the views say; whatever is not named goes. Idempotent; the cloud never overlaps calls. */
  apply(networks: NetworkView[]): Promise<void>;
  /** Boots a machine whose ports are already in place. Resolves once it runs (not: once it answers). */
  startMachine(spec: MachineSpec): Promise<void>;
  /** Stops it: `hard` is a power cut, `soft` a shutdown. Its disk stays. */
  stopMachine(instanceId: string, how: "hard" | "soft"): Promise<void>;
  /** Ends it and removes its disk. Without effect on a machine that does not exist. */
  destroyMachine(instanceId: string): Promise<void>;
}

/** For tests of the API alone: no packets, no machines. */
export const nullDataplane: Dataplane = {
  apply: async () => {},
  startMachine: async () => {},
  stopMachine: async () => {},
  destroyMachine: async () => {},
};
