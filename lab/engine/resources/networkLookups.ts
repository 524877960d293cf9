/** Data sources about networks and addresses. */
import type { Json } from "../client.ts";
import { type Lookup, list } from "./resource.ts";

export const networkLookups: Record<string, Lookup> = {
  "tencentcloud:index/getEnis:getEnis": async (inputs, { call }) => {
    const Filters = [{ Name: "address-ip", Values: [inputs.ipv4] }];
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
};
