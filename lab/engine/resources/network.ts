/** VPC, subnet and security group. */
import type { Json } from "../client.ts";
import { gone, list, plain, type Resource } from "./resource.ts";

const rule = (entry: Json): Json => ({
  Protocol: entry.protocol,
  Port: entry.port,
  CidrBlock: entry.cidrBlock,
  Action: entry.action,
  PolicyDescription: entry.description,
});

const rulesOf = (i: Json): [string, Json] => [
  "ModifySecurityGroupPolicies",
  {
    SecurityGroupId: i.securityGroupId,
    SecurityGroupPolicySet: { Ingress: list(i.ingresses).map(rule), Egress: list(i.egresses).map(rule) },
  },
];

export const network: Record<string, Resource> = {
  "tencentcloud:index/vpc:Vpc": plain({
    service: "vpc",
    create: "CreateVpc",
    rename: { name: "VpcName" },
    made: "Vpc.VpcId",
    remove: "DeleteVpc.VpcId",
  }),
  "tencentcloud:index/subnet:Subnet": plain({
    service: "vpc",
    create: "CreateSubnet",
    rename: { name: "SubnetName", availabilityZone: "Zone" },
    made: "Subnet.SubnetId",
    remove: "DeleteSubnet.SubnetId",
  }),
  "tencentcloud:index/securityGroup:SecurityGroup": plain({
    service: "vpc",
    create: "CreateSecurityGroup",
    rename: { name: "GroupName", description: "GroupDescription" },
    made: "SecurityGroup.SecurityGroupId",
    remove: "DeleteSecurityGroup.SecurityGroupId",
  }),
  "tencentcloud:index/securityGroupRuleSet:SecurityGroupRuleSet": {
    create: async (i, { call }) => {
      await call("vpc", ...rulesOf(i));
      return { id: String(i.securityGroupId), state: {} };
    },
    update: async (_id, i, { call }) => call("vpc", ...rulesOf(i)),
    remove: (SecurityGroupId, _i, { call }) =>
      gone(call("vpc", "ModifySecurityGroupPolicies", { SecurityGroupId, SecurityGroupPolicySet: { Version: "0" } })),
  },
};
