import { blockOf, contains } from "../../../render/ipv4.ts";
import { readAddress, readCidr } from "../account/api/addresses.ts";
import { CloudError, inUse, known, malformed } from "../account/api/errors.ts";
import { type ApiFilter, atMost, byPart, checkQuery, nothing, page, select, vpcQuery } from "../account/api/filters.ts";
import { plainTime } from "../account/behaviour/clock.ts";
import type { Handler, Model } from "../account/model.ts";
import type { ApiTag, Json, Vpc } from "../account/records.ts";
import { checkName } from "./names.ts";

function checkDnsServers(servers: string[] | undefined): void {
  atMost("DnsServers", servers, { most: 4, code: "InvalidParameterValue.LimitExceeded" });
  for (const server of servers ?? []) readAddress("DnsServers", server);
}

/** As the page of CreateVpc says (document/product/215/15774): of 10.0.0.0/8 it takes the first sixteenth only. */
const privateBlocks = ["10.0.0.0/12", "172.16.0.0/12", "192.168.0.0/16"];

const toBool = (parameter: string, value: string) => {
  if (value !== "true" && value !== "false") throw malformed(parameter, value, '"true" or "false"');
  return value === "true";
};

function view(model: Model, vpc: Vpc): Json {
  return {
    VpcId: vpc.id,
    VpcName: vpc.name,
    CidrBlock: vpc.cidr,
    IsDefault: false,
    EnableMulticast: vpc.multicast,
    CreatedTime: plainTime(vpc.createdMs),
    DnsServerSet: vpc.dnsServers,
    DomainName: "",
    DhcpOptionsId: "dopt-00000001",
    EnableDhcp: true,
    Ipv6CidrBlock: "",
    Ipv6CidrBlockSet: [],
    TagSet: model.tags.of("vpc/vpc", vpc.id),
    AssistantCidrSet: [],
    EnableRouteVpcPublish: vpc.publish,
    EnableRouteVpcPublishIpv6: vpc.publishIpv6,
  };
}

const createVpc: Handler<{
  VpcName: string;
  CidrBlock?: string;
  EnableMulticast?: string;
  DnsServers?: string[];
  EnableRouteVpcPublish?: boolean;
  EnableRouteVpcPublishIpv6?: boolean;
  Tags?: ApiTag[];
}> = (model, request) => {
  checkName("VpcName", request.VpcName);
  const cidr = request.CidrBlock ?? "";
  const block = readCidr("CidrBlock", cidr, 12, 28);
  if (!privateBlocks.some((outer) => contains(blockOf(outer), block))) {
    throw malformed("CidrBlock", cidr, `it must lie in ${privateBlocks.join(" or ")}`);
  }
  checkDnsServers(request.DnsServers);
  if (model.vpcs.size >= 20) throw new CloudError("LimitExceeded", "An account can have at most 20 VPCs in a region.");
  const vpc: Vpc = {
    id: model.ids.id("vpc"),
    name: request.VpcName,
    cidr,
    createdMs: model.clock.now(),
    multicast: toBool("EnableMulticast", request.EnableMulticast ?? "false"),
    dnsServers: request.DnsServers ?? ["183.60.83.19", "183.60.82.98"],
    publish: request.EnableRouteVpcPublish ?? false,
    publishIpv6: request.EnableRouteVpcPublishIpv6 ?? false,
    routeTableId: model.ids.id("rtb"),
  };
  model.tags.add("vpc/vpc", vpc.id, request.Tags);
  model.vpcs.set(vpc.id, vpc);
  return { Vpc: view(model, vpc) };
};

const describeVpcs: Handler<{ VpcIds?: string[]; Filters?: ApiFilter[]; Offset?: string; Limit?: string }> = (
  model,
  request,
) => {
  checkQuery(request, request.VpcIds, "vpc", vpcQuery);
  const found = select(
    model.vpcs.values(),
    request.Filters,
    {
      "vpc-id": (vpc) => [vpc.id],
      "vpc-name": byPart((vpc) => [vpc.name]),
      "cidr-block": (vpc) => [vpc.cidr],
      "is-default": () => ["false"],
      "ipv6-cidr-block": nothing,
      "isp-type": nothing,
      "address-type": nothing,
    },
    (vpc) => model.tags.of("vpc/vpc", vpc.id),
    vpcQuery,
  ).filter((vpc) => !request.VpcIds || request.VpcIds.includes(vpc.id));
  return { TotalCount: found.length, VpcSet: page(found, request, vpcQuery).map((vpc) => view(model, vpc)) };
};

const modifyVpcAttribute: Handler<{
  VpcId: string;
  VpcName?: string;
  EnableMulticast?: string;
  DnsServers?: string[];
  EnableRouteVpcPublish?: boolean;
  EnableRouteVpcPublishIpv6?: boolean;
}> = (model, request) => {
  const vpc = known(model.vpcs, request.VpcId);
  checkDnsServers(request.DnsServers);
  if (request.VpcName !== undefined) {
    checkName("VpcName", request.VpcName);
    vpc.name = request.VpcName;
  }
  if (request.EnableMulticast !== undefined) vpc.multicast = toBool("EnableMulticast", request.EnableMulticast);
  vpc.dnsServers = request.DnsServers ?? vpc.dnsServers;
  vpc.publish = request.EnableRouteVpcPublish ?? vpc.publish;
  vpc.publishIpv6 = request.EnableRouteVpcPublishIpv6 ?? vpc.publishIpv6;
  return {};
};

const deleteVpc: Handler<{ VpcId: string }> = async (model, request) => {
  const vpc = known(model.vpcs, request.VpcId);
  const subnet = [...model.subnets.values()].find(({ vpcId }) => vpcId === vpc.id);
  if (subnet) throw inUse(vpc.id, subnet.id);
  model.vpcs.delete(vpc.id);
  model.tags.drop("vpc/vpc", vpc.id);
  await model.plane.apply();
  return {};
};

const describeRouteTables: Handler<{
  RouteTableIds?: string[];
  Filters?: ApiFilter[];
  Offset?: string;
  Limit?: string;
}> = (model, request) => {
  checkQuery(request, request.RouteTableIds, "rtb", vpcQuery);
  const found = select(
    model.vpcs.values(),
    request.Filters,
    {
      "vpc-id": (vpc) => [vpc.id],
      "route-table-id": (vpc) => [vpc.routeTableId],
      "route-table-name": () => ["default"],
      "association.main": () => ["true"],
      visible: () => ["true"],
      // Every table has the VPC's own route and no other.
      "next-hop-type": () => ["LOCAL"],
    },
    () => [],
    vpcQuery,
  ).filter((vpc) => !request.RouteTableIds || request.RouteTableIds.includes(vpc.routeTableId));
  const tables = page(found, request, vpcQuery).map((vpc) => ({
    RouteTableId: vpc.routeTableId,
    VpcId: vpc.id,
    RouteTableName: "default",
    Main: true,
    CreatedTime: plainTime(vpc.createdMs),
    AssociationSet: [...model.subnets.values()]
      .filter(({ vpcId }) => vpcId === vpc.id)
      .map(({ id }) => ({ SubnetId: id, RouteTableId: vpc.routeTableId })),
    RouteSet: [],
    LocalCidrForCcn: [],
    TagSet: [],
  }));
  return { TotalCount: found.length, RouteTableSet: tables };
};

export const vpcActions = {
  vpc: {
    CreateVpc: createVpc,
    DescribeVpcs: describeVpcs,
    ModifyVpcAttribute: modifyVpcAttribute,
    DeleteVpc: deleteVpc,
    DescribeRouteTables: describeRouteTables,
  },
};
