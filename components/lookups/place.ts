/** Whether a pair can go where it is wanted, and where that is: pure, from what the user says and what the cloud tells. */
import { type Block, blockOf, contains, formatAddress, overlaps } from "../../render/ipv4.ts";
import { type NodeName, nodeNames } from "../../render/model.ts";
import { addressProblems, allowedIn } from "../../render/subnet.ts";
import type { NetworkFacts, Place, PlaceSettings, SubnetFact } from "./facts.ts";
import type { Problem } from "./refusal.ts";

/** How many addresses a new pair takes of a subnet, and for what. */
const taken = (wanted: PlaceSettings): [number, string] =>
  wanted.instanceIds
    ? [3, "two ENIs and the VIP"]
    : [6, "two machines, two ENIs, the VIP, and a machine that replaces another"];

/** Nodes whose address is to be chosen. */
export const unnamedNodes = ({ nodeAddresses }: PlaceSettings): NodeName[] =>
  nodeNames.filter((node) => nodeAddresses[node] === undefined);

/** The addresses that the user names, in the order of the nodes. */
export const namedAddresses = ({ nodeAddresses, vip }: PlaceSettings): { key: string; address: string }[] => [
  ...nodeNames.flatMap((node) => {
    const address = nodeAddresses[node];
    return address === undefined ? [] : [{ key: `nodeAddresses.${node}`, address }];
  }),
  { key: "vip", address: vip },
];

/** The node's own hosts begin here, as in a subnet that the pair makes. */
const firstHost = 16;

/** Addresses that a node can get, the best ones first: from host 16 upwards, then the lower ones. */
export function candidates(subnet: Block, except: string[]): string[] {
  const hosts = Array.from({ length: subnet.last - subnet.first - 2 }, (_, i) => subnet.first + 2 + i);
  const from = subnet.first + firstHost;
  return [...hosts.filter((host) => host >= from), ...hosts.filter((host) => host < from)]
    .map(formatAddress)
    .filter((address) => !except.includes(address));
}

/** Everything that is wrong with the place, in the order of the keys. */
export function placeProblems(wanted: PlaceSettings, facts: NetworkFacts, pair: string, region: string): Problem[] {
  const problems: Problem[] = [];
  const report = (key: string, text: string) => void problems.push({ key, text });
  const { vpcId, subnetId } = wanted;
  const absent = (key: string, id: string, what: string) =>
    report(key, `"${id}" is not there in ${region}; allowed: the id of ${what} of this account and region`);
  if (facts.vpc === null && vpcId !== undefined) absent("vpcId", vpcId, "a VPC");
  if (facts.subnet === null && subnetId !== undefined) absent("subnetId", subnetId, "a subnet");
  if (facts.subnet) checkSubnet(wanted, facts, facts.subnet, report);
  if (facts.vpc && wanted.subnetCidr !== undefined) checkNewSubnet(wanted.subnetCidr, facts, pair, report);
  for (const [i, id] of wanted.securityGroupIds.entries()) {
    if (facts.missingGroups.includes(id)) absent(`securityGroupIds[${i}]`, id, "a security group");
  }
  if (facts.eip === null && wanted.publicIpId !== undefined) absent("publicIpId", wanted.publicIpId, "an EIP");
  if (facts.eip) checkEip(facts, facts.eip, report);
  return problems;
}

type Report = (key: string, text: string) => void;

function checkSubnet(wanted: PlaceSettings, facts: NetworkFacts, subnet: SubnetFact, report: Report): void {
  const { id, zone, cidr, free } = subnet;
  if (wanted.vpcId !== undefined && wanted.vpcId !== subnet.vpcId) {
    report("subnetId", `"${id}" belongs to ${subnet.vpcId}; allowed: a subnet of "${wanted.vpcId}"`);
  }
  if (wanted.zone !== undefined && wanted.zone !== zone) {
    report("zone", `"${wanted.zone}" is not the zone of ${id}; allowed: "${zone}", or no zone at all`);
  }
  const block = blockOf(cidr);
  const malformed = addressProblems(block, namedAddresses(wanted));
  for (const { key, text } of malformed) report(key, text);
  const { own } = facts;
  const isOwn = (address: string, holder: string) =>
    own.some((eni) => eni.addresses.includes(address) || eni.id === holder || eni.instanceId === holder);
  for (const { key, address } of namedAddresses(wanted)) {
    const holder = facts.used.find((used) => used.address === address);
    if (holder && !isOwn(address, holder.id)) {
      report(key, `"${address}" belongs to ${holder.kind} ${holder.id}; ${allowedIn(block)}, that nobody has`);
    }
  }
  const chosen = unnamedNodes(wanted).length;
  const [needed, what] = taken(wanted);
  if (own.length === 0 && (free < needed || facts.free.length < chosen)) {
    report(
      "subnetId",
      `"${id}" (${cidr}) has ${free} free addresses; allowed: a subnet with ${needed} or more, for ${what}`,
    );
  }
}

function checkNewSubnet(cidr: string, { vpc, neighbours }: NetworkFacts, pair: string, report: Report): void {
  const block = blockOf(cidr);
  const networks = vpc?.cidrs ?? [];
  if (!networks.some((network) => contains(blockOf(network), block))) {
    report("subnetCidr", `"${cidr}" is not inside the VPC; allowed: a network within ${networks.join(", ")}`);
  }
  // In a running stack the pair's own is among them.
  const other = neighbours.find(
    (subnet) => overlaps(blockOf(subnet.cidr), block) && !(subnet.name === pair && subnet.cidr === cidr),
  );
  if (other) {
    const what = `overlaps ${other.id} ("${other.cidr}")`;
    report("subnetCidr", `"${cidr}" ${what}; allowed: a network that shares no address with another subnet`);
  }
}

function checkEip({ own }: NetworkFacts, eip: NonNullable<NetworkFacts["eip"]>, report: Report): void {
  const isOurs = own.some(({ id }) => id === eip.boundTo);
  if (eip.status === "UNBIND" || isOurs) return;
  const bound = eip.boundTo === "" ? `is ${eip.status}` : `is bound to ${eip.boundTo}`;
  report("publicIpId", `"${eip.id}" (${eip.address}) ${bound}; allowed: an EIP that is bound to nothing (UNBIND)`);
}

/** Where the pair goes. @throws Error when there is a problem left: ask placeProblems first. */
export function placeOf(wanted: PlaceSettings, { vpc, subnet, free, eip, own }: NetworkFacts): Place {
  const missing = (what: string): never => {
    throw new Error(`the pair has no ${what}`);
  };
  const chosen = [...free];
  const addressFor = (node: NodeName) =>
    wanted.nodeAddresses[node] ??
    own.find((eni) => eni.node === node)?.primary ??
    chosen.shift() ??
    missing(`address for node ${node}`);
  return {
    zone: wanted.zone ?? subnet?.zone ?? missing("zone"),
    vpcId: vpc?.id ?? null,
    vpcCidrs: vpc?.cidrs ?? [wanted.vpcCidr ?? missing("VPC")],
    subnetId: subnet?.id ?? null,
    subnetCidr: subnet?.cidr ?? wanted.subnetCidr ?? missing("subnet"),
    nodeAddresses: { a: addressFor("a"), b: addressFor("b") },
    eip: eip ? { id: eip.id, address: eip.address } : null,
  };
}
