import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import type { ServicePort } from "../render/model.ts";
import type { Place } from "./lookups/facts.ts";

export interface NetworkArgs {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  /** Where the pair is; VRRP runs between its node addresses. */
  place: Place;
  /** Security groups beside the pair's own. */
  securityGroupIds: string[];
  /** Networks from which SSH is open; the VPC when empty. */
  sshCidrs: string[];
  /** Ports of the service, open to serviceCidrs. */
  servicePorts: ServicePort[];
  /** Networks that may use the service, and ping; the VPC when empty. */
  serviceCidrs: string[];
  tags: Record<string, string>;
}

/** VPC and subnet, made or found, and one security group of the pair's own for each of its NICs. */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  /** Of every NIC, the pair's own first. */
  readonly securityGroupIds: pulumi.Input<string>[];
  /** What only the end of the stack takes away. */
  readonly foundation: pulumi.Resource;
  /** What a node needs before it is reachable. */
  readonly rules: tencentcloud.SecurityGroupRuleSet;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keepalived-cluster:index:Network", name, {}, opts);
    const parent = { parent: this };
    const { pair, place, tags } = args;

    this.vpcId =
      place.vpcId === null
        ? new tencentcloud.Vpc(`${name}-vpc`, { name: pair, cidrBlock: place.vpcCidrs[0], tags }, parent).vpcId
        : pulumi.output(place.vpcId);
    const subnet =
      place.subnetId === null
        ? new tencentcloud.Subnet(
            `${name}-subnet`,
            { name: pair, vpcId: this.vpcId, cidrBlock: place.subnetCidr, availabilityZone: place.zone, tags },
            // No two subnets of a VPC share addresses; there is something to replace only while nobody is served.
            { ...parent, deleteBeforeReplace: true },
          )
        : undefined;
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

    this.subnetId = subnet?.subnetId ?? pulumi.output(place.subnetId ?? "");
    this.securityGroupIds = [group.securityGroupId, ...args.securityGroupIds];
    // An existing subnet is no resource of the stack's. Nothing replaces a group of ours either.
    this.foundation = subnet ?? group;
    this.registerOutputs({
      vpcId: this.vpcId,
      subnetId: this.subnetId,
      securityGroupId: group.securityGroupId,
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
  const { servicePorts, place } = args;
  const { nodeAddresses } = place;
  const orVpc = (cidrs: string[]) => (cidrs.length > 0 ? cidrs : place.vpcCidrs);
  const [sshCidrs, serviceCidrs] = [orVpc(args.sshCidrs), orVpc(args.serviceCidrs)];
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
