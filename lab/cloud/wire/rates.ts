/**
 * How often an action may be called in a second in one region. Tencent counts for each sub-account, and says nowhere for
 * which a role's calls count: here those of the whole account count together. The numbers stand beside each action in
 * Tencent's API overviews (cloud.tencent.com/document/api/ 215/15755 for vpc, 213/15689 for cvm, 598/40384 for cam,
 * 651/35307 for tag, 1312/48207 for sts) and on the pages of the single actions. Where the Chinese and the international
 * site differ, the Chinese one's.
 */
const perSecond: Record<string, Record<string, number>> = {
  vpc: {
    CreateVpc: 100,
    DescribeVpcs: 100,
    ModifyVpcAttribute: 50,
    DeleteVpc: 50,
    DescribeRouteTables: 100,
    CreateSubnet: 100,
    DescribeSubnets: 100,
    ModifySubnetAttribute: 100,
    DeleteSubnet: 100,
    CreateSecurityGroup: 100,
    DescribeSecurityGroups: 100,
    ModifySecurityGroupAttribute: 100,
    DeleteSecurityGroup: 100,
    ModifySecurityGroupPolicies: 100,
    DescribeSecurityGroupPolicies: 100,
    DeleteSecurityGroupPolicies: 100,
    DescribeSecurityGroupAssociationStatistics: 100,
    CreateNetworkInterface: 100,
    DescribeNetworkInterfaces: 100,
    ModifyNetworkInterfaceAttribute: 100,
    DeleteNetworkInterface: 100,
    AttachNetworkInterface: 100,
    DetachNetworkInterface: 100,
    AssignPrivateIpAddresses: 100,
    UnassignPrivateIpAddresses: 100,
    ModifyPrivateIpAddressesAttribute: 100,
    MigratePrivateIpAddress: 50,
    AllocateAddresses: 10,
    AssociateAddress: 10,
    DisassociateAddress: 10,
    ModifyAddressAttribute: 10,
    ModifyAddressInternetChargeType: 10,
    ReleaseAddresses: 10,
  },
  cvm: {
    RunInstances: 10,
    DescribeInstances: 40,
    DescribeInstancesStatus: 40,
    StartInstances: 10,
    StopInstances: 10,
    RebootInstances: 10,
    TerminateInstances: 10,
    ModifyInstancesAttribute: 10,
    ResetInstancesType: 10,
    DescribeZoneInstanceConfigInfos: 40,
    DescribeImages: 40,
    ImportKeyPair: 10,
    DescribeKeyPairs: 10,
    CreateDisasterRecoverGroup: 10,
    DescribeDisasterRecoverGroups: 10,
    ModifyDisasterRecoverGroupAttribute: 10,
    DeleteDisasterRecoverGroups: 10,
  },
  cam: {
    CreateRole: 2,
    DescribeRoleList: 10,
    UpdateAssumeRolePolicy: 3,
    AttachRolePolicy: 3,
    DetachRolePolicy: 3,
    ListAttachedRolePolicies: 10,
    CreatePolicy: 10,
    UpdatePolicy: 10,
    DeletePolicy: 10,
  },
  tag: { DescribeResourceTagsByResourceIds: 100 },
  sts: { GetFederationToken: 600 },
};

/** What an overview gives an action that has no number of its own; of some actions no page was found. */
const usualPerSecond = 20;

export const callsPerSecond = (service: string, action: string): number =>
  perSecond[service]?.[action] ?? usualPerSecond;

/** Counts calls. A second begins with the first call after the last one; refused calls count too. */
export class Rates {
  readonly #seconds = new Map<string, { endMs: number; calls: number }>();

  /** How many calls this makes in the second that runs. */
  count(service: string, action: string, region: string, nowMs: number): number {
    const key = `${service} ${action} ${region}`;
    let second = this.#seconds.get(key);
    if (!second || nowMs >= second.endMs) {
      second = { endMs: nowMs + 1000, calls: 0 };
      this.#seconds.set(key, second);
    }
    second.calls += 1;
    return second.calls;
  }
}
