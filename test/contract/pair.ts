/** The resources of a pair, made as the program makes them. */
import { type Call, type Json, list, until } from "./support.ts";

export interface PairIds {
  vpcId: string;
  subnetId: string;
  groupId: string;
  keyId: string;
  placementId: string;
  roleId: string;
  policyId: number;
  enis: [string, string];
  instances: [string, string];
  eipId: string;
}

export const vip = "10.1.1.100";
export const publicKey = (mark: string) => {
  const type = Buffer.from("ssh-ed25519");
  const blob = Buffer.concat([Buffer.from([0, 0, 0, type.length]), type, Buffer.from(`key of ${mark}`)]);
  return `ssh-ed25519 ${blob.toString("base64")} op@example`;
};

const trust = JSON.stringify({
  version: "2.0",
  statement: [{ action: ["name/sts:AssumeRole"], effect: "allow", principal: { service: ["cvm.qcloud.com"] } }],
});

export async function makeNetwork(
  call: Call,
  name = "pair",
): Promise<{ vpcId: string; subnetId: string; groupId: string }> {
  const { Vpc } = await call("vpc", "CreateVpc", { VpcName: `${name}-vpc`, CidrBlock: "10.1.0.0/16" });
  const { VpcId } = Vpc as { VpcId: string };
  const { Subnet } = await call("vpc", "CreateSubnet", {
    VpcId,
    SubnetName: `${name}-subnet`,
    CidrBlock: "10.1.1.0/24",
    Zone: "ap-guangzhou-3",
  });
  const { SecurityGroup } = await call("vpc", "CreateSecurityGroup", {
    GroupName: `${name}-sg`,
    GroupDescription: "pair",
  });
  const { SecurityGroupId } = SecurityGroup as { SecurityGroupId: string };
  await call("vpc", "ModifySecurityGroupPolicies", {
    SecurityGroupId,
    SecurityGroupPolicySet: {
      Ingress: [
        { Protocol: "ALL", Port: "ALL", CidrBlock: "10.1.1.11/32", Action: "ACCEPT", PolicyDescription: "VRRP" },
      ],
      Egress: [{ Protocol: "ALL", Port: "ALL", CidrBlock: "0.0.0.0/0", Action: "ACCEPT", PolicyDescription: "out" }],
    },
  });
  return { vpcId: VpcId, subnetId: (Subnet as { SubnetId: string }).SubnetId, groupId: SecurityGroupId };
}

export async function makeEni(
  call: Call,
  { vpcId, subnetId, groupId }: { vpcId: string; subnetId: string; groupId: string },
  addresses: string[],
): Promise<string> {
  const { NetworkInterface } = await call("vpc", "CreateNetworkInterface", {
    VpcId: vpcId,
    SubnetId: subnetId,
    NetworkInterfaceName: "node",
    NetworkInterfaceDescription: "keepalived NIC",
    SecurityGroupIds: [groupId],
    PrivateIpAddresses: addresses.map((PrivateIpAddress, index) => ({ PrivateIpAddress, Primary: index === 0 })),
    Tags: [{ Key: "project", Value: "vip" }],
  });
  const id = (NetworkInterface as { NetworkInterfaceId: string }).NetworkInterfaceId;
  await until(`${id} being AVAILABLE`, async () => (await eni(call, id)).State === "AVAILABLE");
  return id;
}

export async function eni(call: Call, id: string): Promise<Json> {
  const answer = await call("vpc", "DescribeNetworkInterfaces", { NetworkInterfaceIds: [id] });
  const found = list(answer.NetworkInterfaceSet)[0];
  if (!found) throw new Error(`${id} does not exist`);
  return found;
}

export const addressesOf = async (call: Call, id: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    list((await eni(call, id)).PrivateIpAddressSet).map(({ PrivateIpAddress, State }) => [PrivateIpAddress, State]),
  );

export async function makeInstance(
  call: Call,
  network: { vpcId: string; subnetId: string; groupId: string },
  more: Json = {},
) {
  const { InstanceIdSet } = await call("cvm", "RunInstances", {
    Placement: { Zone: "ap-guangzhou-3" },
    ImageId: "img-pi0ii46r",
    InstanceType: "S5.MEDIUM2",
    InstanceName: "node",
    VirtualPrivateCloud: { VpcId: network.vpcId, SubnetId: network.subnetId },
    SecurityGroupIds: [network.groupId],
    ...more,
  });
  const [id] = InstanceIdSet as [string];
  await until(`${id} RUNNING`, async () => (await instance(call, id))?.InstanceState === "RUNNING");
  return id;
}

export const instance = async (call: Call, id: string): Promise<Json | undefined> =>
  list((await call("cvm", "DescribeInstances", { InstanceIds: [id] })).InstanceSet)[0];

export async function taskDone(call: Call, started: Json): Promise<string> {
  return until(`the task ${String(started.RequestId)}`, async () => {
    const { Status } = await call("vpc", "DescribeVpcTaskResult", { TaskId: started.RequestId });
    return Status === "RUNNING" ? undefined : String(Status);
  });
}

export async function attach(call: Call, eniId: string, instanceId: string): Promise<void> {
  await taskDone(
    call,
    await call("vpc", "AttachNetworkInterface", { NetworkInterfaceId: eniId, InstanceId: instanceId }),
  );
}

export const eipOf = async (call: Call, id: string): Promise<Json | undefined> =>
  list((await call("vpc", "DescribeAddresses", { AddressIds: [id] })).AddressSet)[0];

/** The whole pair, VIP on the first ENI. */
export async function makePair(call: Call): Promise<PairIds> {
  const network = await makeNetwork(call);
  const { KeyId } = await call("cvm", "ImportKeyPair", {
    KeyName: "pair_1",
    ProjectId: 0,
    PublicKey: publicKey("pair"),
  });
  const { DisasterRecoverGroupId } = await call("cvm", "CreateDisasterRecoverGroup", { Name: "pair", Type: "HOST" });
  const enis: [string, string] = [
    await makeEni(call, network, ["10.1.1.11", vip]),
    await makeEni(call, network, ["10.1.1.12"]),
  ];
  const { RoleId } = await call("cam", "CreateRole", { RoleName: "pair-role", PolicyDocument: trust });
  const { PolicyId } = await call("cam", "CreatePolicy", {
    PolicyName: "pair-policy",
    PolicyDocument: JSON.stringify({
      version: "2.0",
      statement: [
        {
          effect: "allow",
          action: ["vpc:MigratePrivateIpAddress"],
          resource: enis.map((id) => `qcs::vpc:ap-guangzhou::eni/${id}`),
        },
        { effect: "allow", action: ["vpc:DescribeNetworkInterfaces", "vpc:DescribeVpcTaskResult"], resource: ["*"] },
      ],
    }),
  });
  await call("cam", "AttachRolePolicy", { AttachRoleId: RoleId, PolicyId });
  const { AddressSet, TaskId } = await call("vpc", "AllocateAddresses", {
    AddressType: "EIP",
    AddressName: "pair",
    InternetMaxBandwidthOut: 5,
  });
  const [eipId] = AddressSet as [string];
  await until("the EIP", async () => {
    const { Result } = await call("vpc", "DescribeTaskResult", { TaskId: Number(TaskId) });
    return Result === "SUCCESS";
  });
  await call("vpc", "AssociateAddress", { AddressId: eipId, NetworkInterfaceId: enis[0], PrivateIpAddress: vip });
  await until("BIND_ENI", async () => (await eipOf(call, eipId))?.AddressStatus === "BIND_ENI");
  const node = {
    CamRoleName: "pair-role",
    DisasterRecoverGroupIds: [DisasterRecoverGroupId],
    LoginSettings: { KeyIds: [KeyId] },
  };
  const instances: [string, string] = [
    await makeInstance(call, network, node),
    await makeInstance(call, network, node),
  ];
  await attach(call, enis[0], instances[0]);
  await attach(call, enis[1], instances[1]);
  return {
    ...network,
    keyId: String(KeyId),
    placementId: String(DisasterRecoverGroupId),
    roleId: String(RoleId),
    policyId: Number(PolicyId),
    enis,
    instances,
    eipId,
  };
}
