/** Data sources about networks and addresses, each asking as the provider does. */
import type { Json } from "../client.ts";
import { codeOf, type Lookup, list } from "./resource.ts";

/** Filters of the inputs that are given, by the names that the API has for them. */
const filters = (inputs: Json, names: Record<string, string>): Json[] =>
  Object.entries(names)
    .filter(([key]) => inputs[key] !== undefined)
    .map(([key, Name]) => ({ Name, Values: [inputs[key]] }));

/** One page is enough for what a lab has. */
const first = { Limit: "100" };

export const networkLookups: Record<string, Lookup> = {
  "tencentcloud:index/getEnis:getEnis": async (inputs, { call }) => {
    const asked = { name: "network-interface-name", ipv4: "address-ip", instanceId: "attachment.instance-id" };
    const Filters = filters(inputs, asked);
    const found = list((await call("vpc", "DescribeNetworkInterfaces", { Filters, Limit: 100 })).NetworkInterfaceSet);
    const ipv4s = (e: Json) => list(e.PrivateIpAddressSet).map((a) => ({ ip: a.PrivateIpAddress, primary: a.Primary }));
    const instanceId = (e: Json) => (e.Attachment as Json | null)?.InstanceId;
    return {
      enis: found.map((e) => ({
        id: e.NetworkInterfaceId,
        name: e.NetworkInterfaceName,
        ipv4s: ipv4s(e),
        instanceId: instanceId(e),
      })),
    };
  },
  "tencentcloud:index/getVpcInstances:getVpcInstances": async (inputs, { call }) => {
    const Filters = filters(inputs, { vpcId: "vpc-id" });
    const found = list((await call("vpc", "DescribeVpcs", { Filters, ...first })).VpcSet);
    const assistant = (vpc: Json) => list(vpc.AssistantCidrSet).filter(({ AssistantType }) => AssistantType === 0);
    return {
      instanceLists: found.map((vpc) => ({
        vpcId: vpc.VpcId,
        name: vpc.VpcName,
        cidrBlock: vpc.CidrBlock,
        commonAssistantCidrs: assistant(vpc).map(({ CidrBlock }) => CidrBlock),
      })),
    };
  },
  "tencentcloud:index/getVpcSubnets:getVpcSubnets": async (inputs, { call }) => {
    const Filters = filters(inputs, { subnetId: "subnet-id", vpcId: "vpc-id" });
    const found = list((await call("vpc", "DescribeSubnets", { Filters, ...first })).SubnetSet);
    return {
      instanceLists: found.map((subnet) => ({
        subnetId: subnet.SubnetId,
        vpcId: subnet.VpcId,
        name: subnet.SubnetName,
        cidrBlock: subnet.CidrBlock,
        availabilityZone: subnet.Zone,
        availableIpCount: subnet.AvailableIpAddressCount,
      })),
    };
  },
  "tencentcloud:index/getVpcUsedIpAddress:getVpcUsedIpAddress": async (inputs, { call }) => {
    const request = { VpcId: inputs.vpcId, SubnetId: inputs.subnetId, IpAddresses: inputs.ipAddresses, Limit: 100 };
    const found = list((await call("vpc", "DescribeUsedIpAddress", request)).IpAddressStates);
    return {
      ipAddressStates: found.map((state) => ({
        ipAddress: state.IpAddress,
        resourceType: state.ResourceType,
        resourceId: state.ResourceId,
      })),
    };
  },
  "tencentcloud:index/getSecurityGroups:getSecurityGroups": async ({ securityGroupId }, { call }) => {
    const request = { SecurityGroupIds: [securityGroupId], ...first };
    const answer = await call("vpc", "DescribeSecurityGroups", request).catch((error: unknown): Json => {
      if (codeOf(error) !== "ResourceNotFound") throw error;
      return {};
    });
    const groups = list(answer.SecurityGroupSet);
    return {
      securityGroups: groups.map((group) => ({
        securityGroupId: group.SecurityGroupId,
        name: group.SecurityGroupName,
      })),
    };
  },
  "tencentcloud:index/getEips:getEips": async (inputs, { call }) => {
    const found = list(
      (await call("vpc", "DescribeAddresses", { Filters: filters(inputs, { eipId: "address-id" }) })).AddressSet,
    );
    return {
      eipLists: found.map((eip) => ({
        eipId: eip.AddressId,
        publicIp: eip.AddressIp,
        status: eip.AddressStatus,
        instanceId: eip.InstanceId,
        eniId: eip.NetworkInterfaceId,
      })),
    };
  },
};
