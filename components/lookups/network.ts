/** What the cloud tells of an existing network and EIP. The edge: it asks and sorts; place.ts decides. */
import type * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { blockOf } from "../../render/ipv4.ts";
import { nodeNames } from "../../render/model.ts";
import { addressProblems } from "../../render/subnet.ts";
import type { NetworkFacts, PlaceSettings, SubnetFact } from "./facts.ts";
import { candidates, namedAddresses, unnamedNodes } from "./place.ts";

type Options = pulumi.InvokeOptions | undefined;

/**
 * Asks for what the settings name and no more, beside the pair's own ENIs. Ids are never empty: for an empty one the data
 * sources give whatever comes first in the account.
 * @param pair names the pair's own ENIs, which no other stack can have: an account has each role's name once
 */
export async function lookUpNetwork(wanted: PlaceSettings, pair: string, options?: Options): Promise<NetworkFacts> {
  const { subnetId, publicIpId } = wanted;
  const [subnet, missingGroups, eip, own] = await Promise.all([
    subnetId === undefined ? undefined : findSubnet(subnetId, options),
    missingOf(wanted.securityGroupIds, options),
    publicIpId === undefined ? undefined : findEip(publicIpId, options),
    ownEnis(pair, options),
  ]);
  const vpcId = wanted.vpcId ?? subnet?.vpcId;
  const [vpc, neighbours, addresses] = await Promise.all([
    vpcId === undefined ? undefined : findVpc(vpcId, options),
    vpcId === undefined || subnetId !== undefined ? [] : subnetsBy({ vpcId }, options),
    subnet ? askAddresses(wanted, subnet, options) : { used: [], free: [] },
  ]);
  return { vpc, subnet, neighbours, missingGroups, eip, own, ...addresses };
}

/** Of lists the provider leaves out what is empty. */
const text = (value: string | undefined): string => value ?? "";

async function findVpc(vpcId: string, options: Options): Promise<NetworkFacts["vpc"]> {
  const { instanceLists } = await tencentcloud.getVpcInstances({ vpcId }, options);
  const found = instanceLists.find((vpc) => vpc.vpcId === vpcId);
  if (!found) return null;
  return { id: vpcId, cidrs: [text(found.cidrBlock), ...(found.commonAssistantCidrs ?? [])] };
}

async function subnetsBy(query: tencentcloud.GetVpcSubnetsArgs, options: Options): Promise<SubnetFact[]> {
  const { instanceLists } = await tencentcloud.getVpcSubnets(query, options);
  return instanceLists.map((subnet) => ({
    id: text(subnet.subnetId),
    name: text(subnet.name),
    vpcId: text(subnet.vpcId),
    zone: text(subnet.availabilityZone),
    cidr: text(subnet.cidrBlock),
    free: subnet.availableIpCount ?? 0,
  }));
}

const findSubnet = async (subnetId: string, options: Options): Promise<SubnetFact | null> =>
  (await subnetsBy({ subnetId }, options)).find(({ id }) => id === subnetId) ?? null;

async function missingOf(groupIds: string[], options: Options): Promise<string[]> {
  const found = await Promise.all(
    groupIds.map(async (securityGroupId) => {
      const { securityGroups } = await tencentcloud.getSecurityGroups({ securityGroupId }, options);
      return securityGroups.some((group) => group.securityGroupId === securityGroupId);
    }),
  );
  return groupIds.filter((_, i) => !found[i]);
}

async function findEip(eipId: string, options: Options): Promise<NetworkFacts["eip"]> {
  const { eipLists } = await tencentcloud.getEips({ eipId }, options);
  const found = eipLists.find((eip) => eip.eipId === eipId);
  if (!found) return null;
  const boundTo = text(found.eniId) || text(found.instanceId);
  return { id: eipId, address: text(found.publicIp), status: text(found.status), boundTo };
}

async function ownEnis(pair: string, options: Options): Promise<NetworkFacts["own"]> {
  const found = await Promise.all(
    nodeNames.map(async (node) => {
      const { enis = [] } = await tencentcloud.getEnis({ name: `${pair}-${node}` }, options);
      // The filter is fuzzy. Not by an id, which may have gone: that would fail the whole update.
      return enis
        .filter(({ name }) => name === `${pair}-${node}`)
        .map(({ id, instanceId, ipv4s = [] }) => ({
          node,
          id: text(id),
          instanceId: text(instanceId),
          primary: text(ipv4s.find(({ primary }) => primary)?.ip),
          addresses: ipv4s.map(({ ip }) => text(ip)),
        }));
    }),
  );
  return found.flat();
}

/** How many addresses the cloud takes in one question (IpAddresses of DescribeUsedIpAddress). */
const askAtOnce = 100;

/** Who has the addresses that the user names, and which ones are free for the nodes that were given none. */
async function askAddresses(
  wanted: PlaceSettings,
  subnet: SubnetFact,
  options: Options,
): Promise<Pick<NetworkFacts, "used" | "free">> {
  const block = blockOf(subnet.cidr);
  const named = namedAddresses(wanted);
  const bad = new Set(addressProblems(block, named).map(({ key }) => key));
  const asked = named.filter(({ key }) => !bad.has(key)).map(({ address }) => address);
  const needed = unnamedNodes(wanted).length;
  const free: string[] = [];
  let used: NetworkFacts["used"] = [];
  const rest = candidates(block, asked);
  for (let first = true; first || free.length < needed; first = false) {
    const fresh = needed === 0 ? [] : rest.splice(0, askAtOnce - (first ? asked.length : 0));
    const ipAddresses = [...(first ? asked : []), ...fresh];
    if (ipAddresses.length === 0) break;
    const query = { vpcId: subnet.vpcId, subnetId: subnet.id, ipAddresses };
    const { ipAddressStates } = await tencentcloud.getVpcUsedIpAddress(query, options);
    const states = ipAddressStates.map((state) => ({
      address: text(state.ipAddress),
      kind: text(state.resourceType),
      id: text(state.resourceId),
    }));
    used = [...used, ...states.filter(({ address }) => asked.includes(address))];
    free.push(...fresh.filter((candidate) => !states.some(({ address }) => address === candidate)));
  }
  return { used, free: free.slice(0, needed) };
}
