import { blockOf, contains, formatAddress, holds, overlaps } from "../../../render/ipv4.ts";
import { isReserved, readAddress, readCidr } from "../account/api/addresses.ts";
import { CloudError, inUse, known } from "../account/api/errors.ts";
import { type ApiFilter, atMost, checkQuery, nothing, page, select, vpcQuery } from "../account/api/filters.ts";
import { plainTime } from "../account/behaviour/clock.ts";
import { zoneNames } from "../account/limits.ts";
import type { Handler, Model } from "../account/model.ts";
import type { ApiTag, Json, Subnet } from "../account/records.ts";
import { checkName } from "./names.ts";

/** Who holds which address of a subnet: address to ENI id. */
export function usedAddresses(model: Model, subnetId: string): Map<string, string> {
  const used = new Map<string, string>();
  for (const eni of model.enis.values()) {
    if (eni.subnetId !== subnetId) continue;
    for (const { address } of eni.addresses) used.set(address, eni.id);
  }
  return used;
}

/** Whether an address of a subnet was reserved in the VPC. */
const isReservedIp = (model: Model, subnetId: string, address: string) =>
  [...model.reservedIps.values()].some((reserved) => reserved.subnetId === subnetId && reserved.address === address);

/** Refuses an address that is malformed, not of this subnet, kept for the subnet itself, taken, or reserved. */
export function checkAddress(
  model: Model,
  subnet: Subnet,
  address: string,
  wanted: "forEni" | "unreserved" = "forEni",
): void {
  const number = readAddress("PrivateIpAddress", address);
  const block = blockOf(subnet.cidr);
  if (!holds(block, number)) {
    throw new CloudError("InvalidParameterValue.Range", `IP ${address} is not in ${subnet.id} (${subnet.cidr}).`);
  }
  if (isReserved(block, number)) {
    throw new CloudError("InvalidParameterValue.Reserved", `IP ${address} of ${subnet.id} is reserved by the system.`);
  }
  const { occupiedCode, reservedAssign } = model.faults.settings;
  const holder = usedAddresses(model, subnet.id).get(address);
  if (holder) throw new CloudError(occupiedCode, `IP ${address} is used by ${holder}`);
  if (!isReservedIp(model, subnet.id, address)) return;
  if (wanted === "unreserved") throw inUse(`IP ${address}`, "a reservation");
  if (reservedAssign !== "accepted") throw new CloudError(reservedAssign, `IP ${address} is reserved.`);
}

/** The lowest free addresses; `noneLeft` is the code when there are not as many. */
export function pickAddresses(
  model: Model,
  subnet: Subnet,
  count: number,
  except: string[] = [],
  noneLeft = "ResourceInsufficient.Subnet",
): string[] {
  const block = blockOf(subnet.cidr);
  const used = usedAddresses(model, subnet.id);
  const picked: string[] = [];
  for (let number = block.first; number <= block.last && picked.length < count; number += 1) {
    const address = formatAddress(number);
    const free = !isReserved(block, number) && !used.has(address) && !isReservedIp(model, subnet.id, address);
    if (free && !except.includes(address)) picked.push(address);
  }
  if (picked.length < count) {
    throw new CloudError(noneLeft, `${subnet.id} has not enough free addresses.`);
  }
  return picked;
}

function view(model: Model, subnet: Subnet): Json {
  const block = blockOf(subnet.cidr);
  const total = block.last - block.first + 1 - 3;
  return {
    SubnetId: subnet.id,
    VpcId: subnet.vpcId,
    SubnetName: subnet.name,
    CidrBlock: subnet.cidr,
    Zone: subnet.zone,
    RouteTableId: known(model.vpcs, subnet.vpcId).routeTableId,
    IsDefault: false,
    EnableBroadcast: subnet.broadcast,
    CreatedTime: plainTime(subnet.createdMs),
    AvailableIpAddressCount: total - usedAddresses(model, subnet.id).size,
    TotalIpAddressCount: total,
    Ipv6CidrBlock: "",
    NetworkAclId: "",
    IsRemoteVpcSnat: false,
    IsCdcSubnet: 0,
    CdcId: "",
    TagSet: model.tags.of("vpc/subnet", subnet.id),
  };
}

const createSubnet: Handler<{
  VpcId: string;
  SubnetName: string;
  Zone: string;
  CidrBlock?: string;
  Tags?: ApiTag[];
}> = async (model, request) => {
  const vpc = known(model.vpcs, request.VpcId);
  checkName("SubnetName", request.SubnetName);
  if (!zoneNames(model.account.region).includes(request.Zone)) {
    throw new CloudError("InvalidParameterValue", `The zone '${request.Zone}' is not in ${model.account.region}.`);
  }
  const cidr = request.CidrBlock ?? "";
  const block = readCidr("CidrBlock", cidr, 16, 29);
  if (!contains(blockOf(vpc.cidr), block)) {
    throw new CloudError("InvalidParameterValue.SubnetRange", `${cidr} is not within ${vpc.id} (${vpc.cidr}).`);
  }
  const other = [...model.subnets.values()].find(
    (subnet) => subnet.vpcId === vpc.id && overlaps(blockOf(subnet.cidr), block),
  );
  if (other)
    throw new CloudError("InvalidParameterValue.SubnetConflict", `${cidr} overlaps ${other.id} (${other.cidr}).`);
  const subnet: Subnet = {
    id: model.ids.id("subnet"),
    vpcId: vpc.id,
    name: request.SubnetName,
    cidr,
    zone: request.Zone,
    createdMs: model.clock.now(),
    broadcast: false,
  };
  model.tags.add("vpc/subnet", subnet.id, request.Tags);
  model.subnets.set(subnet.id, subnet);
  await model.plane.apply();
  return { Subnet: view(model, subnet) };
};

const modifySubnetAttribute: Handler<{ SubnetId: string; SubnetName?: string; EnableBroadcast?: string }> = (
  model,
  request,
) => {
  const subnet = known(model.subnets, request.SubnetId);
  if (request.SubnetName !== undefined) {
    checkName("SubnetName", request.SubnetName);
    subnet.name = request.SubnetName;
  }
  if (request.EnableBroadcast !== undefined) subnet.broadcast = request.EnableBroadcast === "true";
  return {};
};

const describeSubnets: Handler<{ SubnetIds?: string[]; Filters?: ApiFilter[]; Offset?: string; Limit?: string }> = (
  model,
  request,
) => {
  checkQuery(request, request.SubnetIds, "subnet", vpcQuery);
  const found = select(
    model.subnets.values(),
    request.Filters,
    {
      "subnet-id": (subnet) => [subnet.id],
      "vpc-id": (subnet) => [subnet.vpcId],
      // The API's text has "192.168.1.0" for an example.
      "cidr-block": (subnet) => [subnet.cidr, subnet.cidr.split("/")[0]],
      "subnet-name": (subnet) => [subnet.name],
      zone: (subnet) => [subnet.zone],
      "is-default": () => ["false"],
      "is-remote-vpc-snat": () => ["false"],
      "cdc-id": nothing,
      "is-cdc-subnet": () => ["0"],
      "ipv6-cidr-block": nothing,
      "isp-type": nothing,
      "address-type": nothing,
    },
    (subnet) => model.tags.of("vpc/subnet", subnet.id),
    vpcQuery,
  ).filter((subnet) => !request.SubnetIds || request.SubnetIds.includes(subnet.id));
  return { TotalCount: found.length, SubnetSet: page(found, request, vpcQuery).map((subnet) => view(model, subnet)) };
};

const deleteSubnet: Handler<{ SubnetId: string }> = async (model, request) => {
  const subnet = known(model.subnets, request.SubnetId);
  for (const [address, eni] of usedAddresses(model, subnet.id)) throw inUse(`IP ${address} of ${subnet.id}`, eni);
  for (const { id, subnetId } of model.reservedIps.values()) if (subnetId === subnet.id) throw inUse(subnet.id, id);
  model.subnets.delete(subnet.id);
  model.tags.drop("vpc/subnet", subnet.id);
  await model.plane.apply();
  return {};
};

const malformedCode = "InvalidParameterValue.Malformed";
const usedQuery = { offset: malformedCode, limit: malformedCode, unknownFilter: malformedCode };

const describeUsedIpAddress: Handler<{
  VpcId: string;
  SubnetId?: string;
  IpAddresses?: string[];
  Filters?: ApiFilter[];
  Offset?: number;
  Limit?: number;
}> = (model, request) => {
  known(
    model.vpcs,
    request.VpcId,
    (id) => new CloudError("InvalidParameterValue.ParameterMismatch", `The VPC '${id}' does not exist.`),
  );
  atMost("IpAddresses", request.IpAddresses, { most: 100, code: malformedCode });
  const used = [...model.subnets.values()]
    .filter(({ id, vpcId }) => vpcId === request.VpcId && (!request.SubnetId || request.SubnetId === id))
    .flatMap(({ id }) =>
      [...usedAddresses(model, id)].map(([IpAddress, ResourceId]) => ({
        VpcId: request.VpcId,
        SubnetId: id,
        IpAddress,
        ResourceType: "ENI",
        ResourceId,
      })),
    )
    .filter(({ IpAddress }) => !request.IpAddresses || request.IpAddresses.includes(IpAddress));
  const found = select(
    used,
    request.Filters,
    { "ip-addresses": ({ IpAddress }) => [IpAddress], "resource-id": ({ ResourceId }) => [ResourceId] },
    null,
    usedQuery,
  );
  return { TotalCount: found.length, IpAddressStates: page(found, request, usedQuery) };
};

export const subnetActions = {
  vpc: {
    CreateSubnet: createSubnet,
    ModifySubnetAttribute: modifySubnetAttribute,
    DescribeSubnets: describeSubnets,
    DeleteSubnet: deleteSubnet,
    DescribeUsedIpAddress: describeUsedIpAddress,
  },
};
