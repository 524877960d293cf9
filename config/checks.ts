import {
  type Block,
  blockOf,
  contains,
  formatAddress,
  formatBlock,
  holds,
  hostOf,
  overlaps,
  parseAddress,
  parseCidr,
} from "../render/ipv4.ts";
import { type NodeName, nodeNames, type ServicePort } from "../render/model.ts";
import { shown } from "./values.ts";

/** Rules between keys. Each takes what is known so far (a key with a problem of its own is absent) and reports problems. */

export interface Problem {
  key: string;
  /** What came and what is allowed. */
  text: string;
}
export type Report = (key: string, text: string) => void;

/** Blocks that Tencent Cloud takes for a VPC. */
const privateBlocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
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
  vpcCidr?: string;
  subnetCidr?: string;
  vip?: string;
  nodeAddresses?: Partial<Record<NodeName, string>>;
}
export interface Addresses {
  vip: string;
  nodeAddresses: Record<NodeName, string>;
}

/** Hosts of the subnet that are used unless the user names others. */
const defaultHosts = { vip: 100, a: 16, b: 17 };

/** VPC, subnet, VIP and node addresses; gives the addresses with their defaults filled in, null with a problem. */
export function checkNetwork(input: NetworkInput, report: Report): Addresses | null {
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
  return checkAddresses(input, subnet, report);
}

function checkAddresses(input: NetworkInput, subnet: Block, report: Report): Addresses | null {
  const cidr = formatBlock(subnet);
  // Tencent Cloud keeps the first address (network), the second (gateway) and the last (broadcast) of every subnet.
  const reserved = new Map([
    [subnet.first, "the network address"],
    [subnet.first + 1, "the gateway"],
    [subnet.last, "the broadcast address"],
  ]);
  const range = `${formatAddress(subnet.first + 2)} to ${formatAddress(subnet.last - 1)}`;
  const taken = new Map<string, string>();
  const use = (key: string, given: string | undefined, host: number): string | null => {
    const address = given ?? hostOf(subnet, host);
    if (address === null) {
      report(key, `is missing: ${cidr} is too small for the default (host ${host}); allowed: ${range}`);
      return null;
    }
    const value = parseAddress(address);
    const allowed = `allowed: an address of the subnet ${cidr}, ${range}`;
    if (value === null) report(key, `${shown(address)} is not an IPv4 address; ${allowed}`);
    else if (!holds(subnet, value)) report(key, `"${address}" is outside the subnet; ${allowed}`);
    else if (reserved.has(value)) report(key, `"${address}" is ${reserved.get(value)} of the subnet; ${allowed}`);
    else if (taken.has(address)) report(key, `"${address}" is already ${taken.get(address)}; ${allowed}, one for each`);
    else {
      taken.set(address, key);
      return address;
    }
    return null;
  };
  const [a, b] = nodeNames.map((node) => use(`nodeAddresses.${node}`, input.nodeAddresses?.[node], defaultHosts[node]));
  const vip = use("vip", input.vip, defaultHosts.vip);
  return a && b && vip ? { vip, nodeAddresses: { a, b } } : null;
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
      `serviceCidrs: only ${cidrs} may use the service, so nobody reaches the VIP's public address (publicIp). ` +
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

/** Who may reach the nodes. */
export function checkAccess(input: AccessInput, report: Report): void {
  const ssh = checkCidrs("sshCidrs", input.sshCidrs ?? [], report);
  const ownNetworks = `your own networks, /${widestSsh} or narrower, for example 203.0.113.7/32`;
  for (const block of ssh.filter(({ prefix }) => prefix < widestSsh)) {
    report("sshCidrs", `"${formatBlock(block)}" opens SSH to the internet; allowed: ${ownNetworks}`);
  }
  if (input.nodePublicIp && input.sshCidrs?.length === 0) {
    report(
      "sshCidrs",
      "is missing: with nodePublicIp the nodes are reached over the internet; allowed: the networks you log in from, for example 203.0.113.7/32",
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
