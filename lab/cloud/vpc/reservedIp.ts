/** Addresses that are kept from being handed out. Nothing here uses them; whether an ENI may have one is an open point. */

import { CloudError, known, missing } from "../account/api/errors.ts";
import { type ApiFilter, checkQuery, page, select, vpcQuery } from "../account/api/filters.ts";
import { plainTime } from "../account/behaviour/clock.ts";
import type { Handler, Model } from "../account/model.ts";
import type { ApiTag, Json, ReservedIp, Subnet } from "../account/records.ts";
import { checkAddress, usedAddresses } from "./subnet.ts";

const holderOf = (model: Model, { subnetId, address }: ReservedIp): string =>
  usedAddresses(model, subnetId).get(address) ?? "";

const stateOf = (model: Model, reserved: ReservedIp) => (holderOf(model, reserved) ? "Bind" : "UnBind");

const view = (model: Model, reserved: ReservedIp): Json => ({
  ReserveIpId: reserved.id,
  VpcId: reserved.vpcId,
  SubnetId: reserved.subnetId,
  ReserveIpAddress: reserved.address,
  ResourceId: holderOf(model, reserved),
  IpType: 0,
  State: stateOf(model, reserved),
  Name: reserved.name,
  Description: reserved.description,
  CreatedTime: plainTime(reserved.createdMs),
  TagSet: model.tags.of("vpc/rsvip", reserved.id),
});

/** Refuses addresses that can't be reserved: with the one code that this action has for all that may be wrong. */
function reservable(model: Model, vpcId: string, subnetId: string, addresses: string[]): Subnet {
  try {
    known(model.vpcs, vpcId);
    const subnet = known(model.subnets, subnetId);
    for (const address of addresses) checkAddress(model, subnet, address, "unreserved");
    return subnet;
  } catch (error) {
    throw error instanceof CloudError ? new CloudError("InvalidParameterValue", error.message) : error;
  }
}

const createReserveIpAddresses: Handler<{
  VpcId: string;
  SubnetId?: string;
  IpAddresses?: string[];
  IpAddressCount?: number;
  Name?: string;
  Description?: string;
  Tags?: ApiTag[];
}> = (model, request) => {
  if (request.SubnetId === undefined) throw missing("SubnetId");
  if (!request.IpAddresses?.length) throw missing("IpAddresses");
  const subnet = reservable(model, request.VpcId, request.SubnetId, request.IpAddresses);
  const made = request.IpAddresses.map((address): ReservedIp => {
    const reserved: ReservedIp = {
      id: model.ids.id("rsvip"),
      name: request.Name ?? "",
      description: request.Description ?? "",
      vpcId: request.VpcId,
      subnetId: subnet.id,
      address,
      createdMs: model.clock.now(),
    };
    model.tags.add("vpc/rsvip", reserved.id, request.Tags);
    model.reservedIps.set(reserved.id, reserved);
    return reserved;
  });
  return { ReserveIpAddressSet: made.map((reserved) => view(model, reserved)) };
};

const reservedQuery = {
  ...vpcQuery,
  offset: "InvalidParameterValue.LimitExceeded",
  limit: "InvalidParameterValue.LimitExceeded",
};

const describeReserveIpAddresses: Handler<{
  ReserveIpIds?: string[];
  Filters?: ApiFilter[];
  Offset?: number;
  Limit?: number;
}> = (model, request) => {
  checkQuery(request, request.ReserveIpIds, "rsvip", reservedQuery);
  const found = select(
    model.reservedIps.values(),
    request.Filters,
    {
      "vpc-id": ({ vpcId }) => [vpcId],
      "subnet-id": ({ subnetId }) => [subnetId],
      "reserve-ip-id": ({ id }) => [id],
      "reserve-address-ip": ({ address }) => [address],
      "ip-type": () => ["0"],
      name: ({ name }) => [name],
      state: (reserved) => [stateOf(model, reserved)],
      "resource-id": (reserved) => [holderOf(model, reserved)],
    },
    ({ id }) => model.tags.of("vpc/rsvip", id),
    reservedQuery,
  ).filter(({ id }) => !request.ReserveIpIds || request.ReserveIpIds.includes(id));
  return {
    TotalCount: found.length,
    ReserveIpAddressSet: page(found, request, reservedQuery).map((reserved) => view(model, reserved)),
  };
};

const deleteReserveIpAddresses: Handler<{ VpcId: string; ReserveIpIds: string[] }> = (model, request) => {
  const unknown = (id: string) =>
    new CloudError("InvalidParameterValue.ResourceNotFound", `The reserved address '${id}' does not exist.`);
  const going = request.ReserveIpIds.map((id) => known(model.reservedIps, id, unknown));
  for (const reserved of going) {
    if (reserved.vpcId !== request.VpcId) {
      throw new CloudError("InvalidParameterValue.ParameterMismatch", `${reserved.id} is not in ${request.VpcId}.`);
    }
    const holder = holderOf(model, reserved);
    if (holder) throw new CloudError("InvalidParameterValue", `${reserved.address} is used by ${holder}`);
  }
  for (const { id } of going) {
    model.reservedIps.delete(id);
    model.tags.drop("vpc/rsvip", id);
  }
  return {};
};

export const reservedIpActions = {
  vpc: {
    CreateReserveIpAddresses: createReserveIpAddresses,
    DescribeReserveIpAddresses: describeReserveIpAddresses,
    DeleteReserveIpAddresses: deleteReserveIpAddresses,
  },
};
