/** What somebody has in the account before a pair comes: made by the cloud's API, not by the program. */
import type { Call, Json } from "../../lab/engine/client.ts";
import { until } from "./lab.ts";

export interface Foreign {
  vpcId: string;
  subnetId: string;
  groupId: string;
  eipId: string;
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const made = (answer: Json, kind: string): string => String((answer[kind] as Json)[`${kind}Id`]);

/** A VPC with a subnet, a security group, an EIP, and a neighbour that has the address that a pair would like best. */
export async function makeForeign(call: Call): Promise<Foreign> {
  const vpcId = made(await call("vpc", "CreateVpc", { VpcName: "theirs", CidrBlock: "10.8.0.0/16" }), "Vpc");
  const subnet = { VpcId: vpcId, SubnetName: "web", CidrBlock: "10.8.4.0/24", Zone: "ap-guangzhou-3" };
  const subnetId = made(await call("vpc", "CreateSubnet", subnet), "Subnet");
  const group = { GroupName: "theirs", GroupDescription: "of another" };
  const groupId = made(await call("vpc", "CreateSecurityGroup", group), "SecurityGroup");
  const rule = { Protocol: "TCP", Port: "9100", CidrBlock: "10.8.0.0/16", Action: "ACCEPT" };
  const SecurityGroupPolicySet = { Ingress: [{ ...rule, PolicyDescription: "monitoring" }] };
  await call("vpc", "ModifySecurityGroupPolicies", { SecurityGroupId: groupId, SecurityGroupPolicySet });
  const eip = { AddressName: "theirs", InternetChargeType: "TRAFFIC_POSTPAID_BY_HOUR", InternetMaxBandwidthOut: 5 };
  const [eipId = ""] = (await call("vpc", "AllocateAddresses", eip)).AddressSet as string[];
  await call("vpc", "CreateNetworkInterface", {
    VpcId: vpcId,
    SubnetId: subnetId,
    NetworkInterfaceName: "neighbour",
    NetworkInterfaceDescription: "",
    PrivateIpAddresses: [{ PrivateIpAddress: "10.8.4.16", Primary: true }],
  });
  await until("the EIP and the neighbour are there", async () => {
    const { eips, enis } = await networksOf(call);
    return eips[0]?.AddressStatus === "UNBIND" && enis[0]?.State === "AVAILABLE";
  });
  return { vpcId, subnetId, groupId, eipId };
}

/** All that the account has of networks and addresses, as the cloud shows it. */
export async function networksOf(call: Call) {
  const all = async (action: string, set: string, request: Json = { Limit: 100 }) =>
    list((await call("vpc", action, request))[set]);
  const groups = await all("DescribeSecurityGroups", "SecurityGroupSet", { Limit: "100" });
  const rules = groups.map(({ SecurityGroupId }) =>
    call("vpc", "DescribeSecurityGroupPolicies", { SecurityGroupId }).then((answer) => answer.SecurityGroupPolicySet),
  );
  return {
    vpcs: await all("DescribeVpcs", "VpcSet", { Limit: "100" }),
    subnets: await all("DescribeSubnets", "SubnetSet", { Limit: "100" }),
    groups,
    rules: await Promise.all(rules),
    eips: await all("DescribeAddresses", "AddressSet"),
    enis: await all("DescribeNetworkInterfaces", "NetworkInterfaceSet"),
  };
}
