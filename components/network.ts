import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import type { NodeName, ServicePort } from "../render/model.ts";

export interface NetworkArgs {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  zone: string;
  vpcCidr: string;
  subnetCidr: string;
  /** Addresses between which VRRP runs. */
  nodeAddresses: Record<NodeName, string>;
  /** Networks from which SSH is open. */
  sshCidrs: string[];
  /** Ports of the service, open to serviceCidrs. */
  servicePorts: ServicePort[];
  /** Networks that may use the service, and ping. */
  serviceCidrs: string[];
  tags: Record<string, string>;
}

/** VPC, subnet and one security group for every NIC of the pair. */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnet: tencentcloud.Subnet;
  readonly subnetId: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  /** What a node needs before it is reachable. */
  readonly rules: tencentcloud.SecurityGroupRuleSet;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keepalived-cluster:index:Network", name, {}, opts);
    const parent = { parent: this };
    const { pair, tags } = args;

    const vpc = new tencentcloud.Vpc(`${name}-vpc`, { name: pair, cidrBlock: args.vpcCidr, tags }, parent);
    this.subnet = new tencentcloud.Subnet(
      `${name}-subnet`,
      { name: pair, vpcId: vpc.vpcId, cidrBlock: args.subnetCidr, availabilityZone: args.zone, tags },
      parent,
    );
    const group = new tencentcloud.SecurityGroup(
      `${name}-security-group`,
      { name: pair, description: `Nodes of ${pair}`, tags },
      parent,
    );
    this.rules = new tencentcloud.SecurityGroupRuleSet(
      `${name}-rules`,
      { securityGroupId: group.securityGroupId, ingresses: ingressRules(args), egresses: [allowAll] },
      parent,
    );

    this.vpcId = vpc.vpcId;
    this.subnetId = this.subnet.subnetId;
    this.securityGroupId = group.securityGroupId;
    this.registerOutputs({
      vpcId: this.vpcId,
      subnetId: this.subnetId,
      securityGroupId: this.securityGroupId,
    });
  }
}

type Rule = tencentcloud.types.input.SecurityGroupRuleSetIngress;

/** Upper case throughout: the provider reports any other spelling as a change, again and again. */
const accept = (protocol: string, port: string, cidrBlock: string, description: string): Rule => ({
  action: "ACCEPT",
  protocol,
  port,
  cidrBlock,
  description,
});

const allowAll = accept("ALL", "ALL", "0.0.0.0/0", "Everything out");

/** VRRP is neither TCP, UDP nor ICMP and can't be named in a rule: so ALL, but only between the two VRRP addresses. */
function ingressRules(args: NetworkArgs): Rule[] {
  const { nodeAddresses, servicePorts, serviceCidrs, sshCidrs } = args;
  return [
    accept("ALL", "ALL", `${nodeAddresses.a}/32`, "VRRP from node a"),
    accept("ALL", "ALL", `${nodeAddresses.b}/32`, "VRRP from node b"),
    ...sshCidrs.map((cidr) => accept("TCP", "22", cidr, "SSH")),
    ...serviceCidrs.map((cidr) => accept("ICMP", "ALL", cidr, "ping")),
    ...serviceCidrs.flatMap((cidr) =>
      servicePorts.map(({ port, protocol }) => accept(protocol, String(port), cidr, "service")),
    ),
  ];
}
