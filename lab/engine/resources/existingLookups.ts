/** Data sources about machines that were there before, as far as the program asks. */
import type { Json } from "../client.ts";
import { type Lookup, list } from "./resource.ts";

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);

export const existingLookups: Record<string, Lookup> = {
  "tencentcloud:index/getInstances:getInstances": async ({ instanceId }, { call }) => {
    const Filters = [{ Name: "instance-id", Values: [instanceId] }];
    const found = list((await call("cvm", "DescribeInstances", { Filters, Limit: 100 })).InstanceSet);
    const instanceLists = found.map((seen) => {
      const { VpcId, SubnetId } = seen.VirtualPrivateCloud as Json;
      return {
        instanceId: seen.InstanceId,
        instanceType: seen.InstanceType,
        imageId: seen.ImageId,
        osName: seen.OsName,
        availabilityZone: (seen.Placement as Json).Zone,
        vpcId: VpcId,
        subnetId: SubnetId,
        status: seen.InstanceState,
        camRoleName: seen.CamRoleName ?? "",
        // As the provider has them: what a machine lacks is left out.
        privateIp: first(seen.PrivateIpAddresses),
        publicIp: first(seen.PublicIpAddresses),
      };
    });
    return { instanceLists };
  },
  "tencentcloud:index/getVpcNetworkInterfaceLimit:getVpcNetworkInterfaceLimit": async ({ instanceId }, { call }) => {
    const { EniQuantity } = await call("vpc", "DescribeNetworkInterfaceLimit", { InstanceId: instanceId });
    return { eniQuantity: EniQuantity };
  },
  "tencentcloud:index/getCamRoles:getCamRoles": async ({ name }, { call }) => {
    const roles = list((await call("cam", "DescribeRoleList", { Page: 1, Rp: 200 })).List);
    const roleLists = roles
      .filter(({ RoleName }) => RoleName === name)
      .map(({ RoleId, RoleName }) => ({ roleId: RoleId, name: RoleName }));
    return { roleLists };
  },
};
