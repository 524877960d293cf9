/** ENIs and EIPs, and what they are bound to. */
import type { Json } from "../client.ts";
import { codeOf, list, plain, type Resource, relation, type Tools } from "./resource.ts";

async function eni(tools: Tools, id: string): Promise<Json | undefined> {
  try {
    return list(
      (await tools.call("vpc", "DescribeNetworkInterfaces", { NetworkInterfaceIds: [id] })).NetworkInterfaceSet,
    )[0];
  } catch (error) {
    if (codeOf(error) === "ResourceNotFound") return undefined;
    throw error;
  }
}

const address = async ({ call }: Tools, id: string): Promise<Json | undefined> =>
  list((await call("vpc", "DescribeAddresses", { AddressIds: [id] })).AddressSet)[0];

export const addresses: Record<string, Resource> = {
  "tencentcloud:index/eni:Eni": plain({
    service: "vpc",
    create: "CreateNetworkInterface",
    rename: {
      name: "NetworkInterfaceName",
      description: "NetworkInterfaceDescription",
      orderlySecurityGroups: "SecurityGroupIds",
    },
    request: (i) => ({
      Ipv4s: null,
      PrivateIpAddresses: list(i.ipv4s).map(({ ip, primary, description = "" }) => ({
        PrivateIpAddress: ip,
        Primary: primary,
        Description: description,
      })),
    }),
    made: "NetworkInterface.NetworkInterfaceId",
    remove: "DeleteNetworkInterface.NetworkInterfaceId",
    look: eni,
    ready: (seen) => (seen.State === "AVAILABLE" ? { mac: seen.MacAddress } : String(seen.State)),
  }),
  "tencentcloud:index/eniAttachment:EniAttachment": relation({
    id: (i) => `${i.eniId}+${i.instanceId}`,
    make: (i) => ["AttachNetworkInterface", { NetworkInterfaceId: i.eniId, InstanceId: i.instanceId }],
    undo: (i) => ["DetachNetworkInterface", { NetworkInterfaceId: i.eniId, InstanceId: i.instanceId }],
    holds: async (tools, i) => {
      const seen = await eni(tools, String(i.eniId));
      if (seen?.State !== "AVAILABLE") return String(seen?.State ?? false);
      return (seen.Attachment as Json | null)?.InstanceId === i.instanceId;
    },
  }),
  "tencentcloud:index/eip:Eip": plain({
    service: "vpc",
    create: "AllocateAddresses",
    rename: { name: "AddressName" },
    made: "AddressSet.0",
    remove: "ReleaseAddresses.AddressIds[]",
    look: address,
    ready: (seen) => (seen.AddressStatus === "CREATING" ? "CREATING" : { publicIp: seen.AddressIp }),
  }),
  "tencentcloud:index/eipAssociation:EipAssociation": relation({
    id: (i) => `${i.eipId}::${i.networkInterfaceId}::${i.privateIp}`,
    make: (i) => [
      "AssociateAddress",
      { AddressId: i.eipId, NetworkInterfaceId: i.networkInterfaceId, PrivateIpAddress: i.privateIp },
    ],
    undo: (i) => ["DisassociateAddress", { AddressId: i.eipId }],
    holds: async (tools, i) => {
      const status = (await address(tools, String(i.eipId)))?.AddressStatus ?? "UNBIND";
      return status === "UNBIND" ? false : /^BIND(_ENI)?$/.test(String(status)) || String(status);
    },
  }),
};
