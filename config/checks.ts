import { type Block, blockOf, contains, formatBlock, hostOf, overlaps, parseCidr } from "../render/ipv4.ts";
import { type NodeName, nodeNames, type ServicePort } from "../render/model.ts";
import { shown } from "../render/shown.ts";
import { addressProblems, rangeOf } from "../render/subnet.ts";

/** Rules between keys. Each takes what is known so far (a key with a problem of its own is absent) and reports problems. */

export interface Problem {
  key: string;
  /** What came and what is allowed. */
  text: string;
}
export type Report = (key: string, text: string) => void;

/** Blocks that Tencent Cloud takes for a VPC. */
export const privateBlocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
/** Of a VPC the cloud allows /12 to /28. A subnet of /29 would have no address left for a replacement's new machine. */
const [largestPrefix, smallestPrefix] = [12, 28];

/** A CIDR in network form, null with a problem reported. */
function networkForm(key: string, text: string, report: Report): Block | null {
  const block = parseCidr(text);
  if (block === null) {
    report(key, `${shown(text)} is not a CIDR; allowed: an IPv4 network such as 10.0.0.0/16`);
    return null;
  }
  if (block.host) {
    report(key, `"${text}" has bits set behind its prefix; allowed: the network itself, "${formatBlock(block)}"`);
    return null;
  }
  return block;
}

export interface NetworkInput {
  vpcId?: string;
  vpcCidr?: string;
  subnetId?: string;
  subnetCidr?: string;
  vip?: string;
  nodeAddresses?: Partial<Record<NodeName, string>>;
  securityGroupIds?: string[];
  publicIp?: boolean;
  publicIpId?: string;
  /** Without a network named, the pair goes into the machines' own. */
  onExistingMachines?: boolean;
}
/** With the defaults filled in; of an existing network only the cloud knows what is left out here. */
export interface Addresses {
  vpcCidr?: string;
  subnetCidr?: string;
  vip: string;
  nodeAddresses: Partial<Record<NodeName, string>>;
}

/** Networks that are made unless the user names others, or existing ones. */
const defaultNetworks = { vpcCidr: "10.0.0.0/16", subnetCidr: "10.0.1.0/24" };
/** Hosts of the subnet that are used unless the user names others. */
const defaultHosts = { vip: 100, a: 16, b: 17 };

/** VPC, subnet, VIP and node addresses; gives the addresses with their defaults filled in, null with a problem. */
export function checkNetwork(input: NetworkInput, report: Report): Addresses | null {
  const { vpcId, vip, nodeAddresses = {} } = input;
  const machines = input.onExistingMachines && vpcId === undefined ? "instanceIds" : null;
  const subnet = input.subnetId !== undefined ? "subnetId" : machines;
  const existing = vpcId !== undefined ? "vpcId" : subnet;
  const together = (key: string, other: string) =>
    report(key, `came together with ${other}, whose network is looked up; allowed: one of the two`);
  if (existing !== null && input.vpcCidr !== undefined) together("vpcCidr", existing);
  if (subnet !== null && input.subnetCidr !== undefined) together("subnetCidr", subnet);
  if (input.publicIpId !== undefined && input.publicIp) {
    report("publicIpId", "came together with publicIp, which makes an EIP; allowed: one of the two");
  }
  const groups = input.securityGroupIds ?? [];
  for (const [i, id] of groups.entries()) {
    if (groups.indexOf(id) < i) report(`securityGroupIds[${i}]`, `"${id}" came before; allowed: each group once`);
  }
  if (subnet !== null) {
    if (vip !== undefined) return { vip, nodeAddresses };
    report("vip", "is missing: the subnet is not the pair's own; allowed: a free address of the subnet");
    return null;
  }
  if (vpcId === undefined) return checkMade({ ...defaultNetworks, ...given(input) }, report);
  if (input.subnetCidr !== undefined) return checkMade(input, report);
  report("subnetCidr", "is missing: the VPC is not the pair's own; allowed: a free network of the VPC, or subnetId");
  return null;
}

/** Without the keys that have no value. */
const given = (input: NetworkInput): NetworkInput =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));

/** Of networks that are made. */
function checkMade(input: NetworkInput, report: Report): Addresses | null {
  const vpc = input.vpcCidr === undefined ? null : networkForm("vpcCidr", input.vpcCidr, report);
  const subnet = input.subnetCidr === undefined ? null : networkForm("subnetCidr", input.subnetCidr, report);
  if (vpc && !privateBlocks.some((text) => contains(parseCidr(text)!, vpc))) {
    report("vpcCidr", `"${input.vpcCidr}" is not private; allowed: a network within ${privateBlocks.join(", ")}`);
  }
  if (vpc && (vpc.prefix < largestPrefix || vpc.prefix > smallestPrefix)) {
    const size = vpc.prefix < largestPrefix ? "large" : "small";
    report(
      "vpcCidr",
      `"${input.vpcCidr}" is too ${size}; allowed: a prefix of /${largestPrefix} to /${smallestPrefix}`,
    );
  }
  if (vpc && subnet && !contains(vpc, subnet)) {
    report("subnetCidr", `"${input.subnetCidr}" is not inside the VPC; allowed: a network within ${input.vpcCidr}`);
  }
  if (!subnet) return null;
  if (subnet.prefix > smallestPrefix) {
    report("subnetCidr", `"${input.subnetCidr}" is too small; allowed: a prefix of at most /${smallestPrefix}`);
    return null;
  }
  const addresses = checkAddresses(input, subnet, report);
  return addresses && { vpcCidr: input.vpcCidr, subnetCidr: input.subnetCidr, ...addresses };
}

function checkAddresses(input: NetworkInput, subnet: Block, report: Report): Addresses | null {
  const missing = (key: string, host: number) => {
    const size = `${formatBlock(subnet)} is too small for the default (host ${host})`;
    report(key, `is missing: ${size}; allowed: ${rangeOf(subnet)}`);
    return null;
  };
  const use = (key: string, address: string | undefined, host: number) =>
    address ?? hostOf(subnet, host) ?? missing(key, host);
  const [a, b] = nodeNames.map((node) => use(`nodeAddresses.${node}`, input.nodeAddresses?.[node], defaultHosts[node]));
  const vip = use("vip", input.vip, defaultHosts.vip);
  const wanted = Object.entries({ "nodeAddresses.a": a, "nodeAddresses.b": b, vip });
  const problems = addressProblems(
    subnet,
    wanted.flatMap(([key, address]) => (address ? [{ key, address }] : [])),
  );
  for (const { key, text } of problems) report(key, text);
  return a && b && vip && problems.length === 0 ? { vip, nodeAddresses: { a, b } } : null;
}

/** A list of CIDRs: well-formed, each in network form, none inside another. */
export function checkCidrs(key: string, cidrs: string[], report: Report): Block[] {
  const blocks: { text: string; at: string; block: Block }[] = [];
  for (const [i, text] of cidrs.entries()) {
    const at = `${key}[${i}]`;
    const block = networkForm(at, text, report);
    if (!block) continue;
    const other = blocks.find((entry) => overlaps(entry.block, block));
    if (other) report(at, `"${text}" overlaps ${other.at} ("${other.text}"); allowed: networks that share no address`);
    else blocks.push({ text, at, block });
  }
  return blocks.map(({ block }) => block);
}

const sshPort = 22;
/** Shorter prefixes are "the internet" under another name, for example 0.0.0.0/1 and 128.0.0.0/1. */
const widestSsh = 8;

/**
 * What is allowed but hardly meant, one line each.
 * An EIP on the VIP is for the internet, and the security group lets in none of it: by default only the VPC.
 */
export function doubts(settings: { publicIp: boolean; serviceCidrs: string[]; servicePorts: ServicePort[] }): string[] {
  if (!settings.publicIp) return [];
  const open = (cidr: string) => !privateBlocks.some((text) => contains(blockOf(text), blockOf(cidr)));
  if (!settings.serviceCidrs.some(open)) {
    const cidrs = settings.serviceCidrs.join(", ");
    return [
      `serviceCidrs: only ${cidrs || "the VPC"} may use the service, so nobody reaches the VIP's public address (publicIp). ` +
        "Open it: pulumi config set --path 'serviceCidrs[0]' 0.0.0.0/0",
    ];
  }
  if (settings.servicePorts.length > 0) return [];
  return [
    "servicePorts: none is set, so the VIP's public address (publicIp) answers nothing but ping. " +
      "Open a port: pulumi config set --path 'servicePorts[0]' 80",
  ];
}

export interface AccessInput {
  nodePublicIp?: boolean;
  sshCidrs?: string[];
  servicePorts?: ServicePort[];
  serviceCidrs?: string[];
}

/** Security group entries per direction, by Tencent Cloud's quota. */
const ruleQuota = 100;

/** Who may reach the nodes. `bastionCidr`: from where they see the bastion, null where that is not known. */
export function checkAccess(input: AccessInput, bastionCidr: string | null, report: Report): void {
  const ssh = checkCidrs("sshCidrs", input.sshCidrs ?? [], report);
  const ownNetworks = `your own networks, /${widestSsh} or narrower, for example 203.0.113.7/32`;
  for (const block of ssh.filter(({ prefix }) => prefix < widestSsh)) {
    report("sshCidrs", `"${formatBlock(block)}" opens SSH to the internet; allowed: ${ownNetworks}`);
  }
  if (input.nodePublicIp && input.sshCidrs?.length === 0 && bastionCidr === null) {
    report(
      "sshCidrs",
      "is missing: with nodePublicIp the nodes are reached over the internet; allowed: the networks you log in from, for " +
        "example 203.0.113.7/32, or a bastion with a public IPv4 address as bastion.host",
    );
  }
  const service = checkCidrs("serviceCidrs", input.serviceCidrs ?? [], report);
  const ports = input.servicePorts ?? [];
  const names = ports.map(({ port, protocol }) => (protocol === "TCP" ? String(port) : `${port}/udp`));
  for (const [i, { port, protocol }] of ports.entries()) {
    if (names.indexOf(names[i] ?? "") < i) {
      report(`servicePorts[${i}]`, `${names[i]} came before; allowed: each port once`);
    }
    const wide = service.find(({ prefix }) => prefix < widestSsh);
    if (port === sshPort && protocol === "TCP" && wide) {
      report(
        `servicePorts[${i}]`,
        `${port} is the nodes' own SSH, and serviceCidrs' "${formatBlock(wide)}" opens it to the internet; ` +
          `allowed: sshCidrs for SSH, with ${ownNetworks}`,
      );
    }
  }
  const rules = 2 + ssh.length + Math.max(1, service.length) * (1 + ports.length);
  if (rules > ruleQuota) {
    report("servicePorts", `need ${rules} rules with serviceCidrs and sshCidrs; allowed: ${ruleQuota} in all`);
  }
}
