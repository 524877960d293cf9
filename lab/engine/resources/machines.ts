/** Machines, and what they are made with. */
import { list, plain, type Resource, tags } from "./resource.ts";

export const machines: Record<string, Resource> = {
  "tencentcloud:index/keyPair:KeyPair": plain({
    service: "cvm",
    create: "ImportKeyPair",
    request: () => ({ ProjectId: 0, Tags: null }),
    made: "KeyId",
    remove: "DeleteKeyPairs.KeyIds[]",
  }),
  "tencentcloud:index/placementGroup:PlacementGroup": plain({
    service: "cvm",
    create: "CreateDisasterRecoverGroup",
    request: () => ({ Tags: null }),
    made: "DisasterRecoverGroupId",
    remove: "DeleteDisasterRecoverGroups.DisasterRecoverGroupIds[]",
  }),
  "tencentcloud:index/instance:Instance": plain({
    service: "cvm",
    create: "RunInstances",
    copy: ["imageId", "instanceName", "instanceType", "camRoleName", "disasterRecoverGroupIds"],
    request: (i) => ({
      Placement: { Zone: i.availabilityZone },
      VirtualPrivateCloud: { VpcId: i.vpcId, SubnetId: i.subnetId },
      InternetAccessible: {
        PublicIpAssigned: i.allocatePublicIp === true,
        InternetChargeType: i.internetChargeType,
        InternetMaxBandwidthOut: i.internetMaxBandwidthOut,
      },
      SecurityGroupIds: i.orderlySecurityGroups,
      SystemDisk: { DiskType: i.systemDiskType, DiskSize: i.systemDiskSize },
      LoginSettings: { KeyIds: i.keyIds },
      UserData: i.userDataRaw && Buffer.from(String(i.userDataRaw)).toString("base64"),
      Tags: null,
      TagSpecification: tags(i).length > 0 ? [{ ResourceType: "instance", Tags: tags(i) }] : null,
    }),
    made: "InstanceIdSet.0",
    remove: "TerminateInstances.InstanceIds[]",
    look: async ({ call }, id) => list((await call("cvm", "DescribeInstances", { InstanceIds: [id] })).InstanceSet)[0],
    ready: (seen) => {
      if (seen.InstanceState === "LAUNCH_FAILED") throw new Error(`${seen.InstanceName} could not be launched`);
      if (seen.InstanceState !== "RUNNING") return String(seen.InstanceState);
      const first = (value: unknown) => (Array.isArray(value) ? value[0] : undefined) ?? "";
      return { privateIp: first(seen.PrivateIpAddresses), publicIp: first(seen.PublicIpAddresses) };
    },
  }),
};
