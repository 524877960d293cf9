/**
 * What of the API's parameters this cloud plays. One that it doesn't is refused, unless its value changes nothing: it would
 * else be taken, and the caller would believe in it.
 */
import { CloudError } from "../account/api/errors.ts";
import { fieldType } from "./shape.ts";

/** By the object that has it: the values that change nothing here. */
type Unplayed = Record<string, Record<string, readonly unknown[] | "any">>;

export const unplayed: Record<string, Unplayed> = {
  vpc: {
    CreateVpcRequest: { StackType: ["IPv4"], Ipv6CidrBlock: [""], AddressType: [], DomainName: [""] },
    ModifyVpcAttributeRequest: { DomainName: [""], EnableCdcPublish: [false] },
    // Tables have no routes but the VPC's own.
    DescribeRouteTablesRequest: { NeedRouterInfo: "any" },
    CreateSubnetRequest: { StackType: ["IPv4"], Ipv6CidrBlock: [""], CdcId: [""] },
    DescribeSubnetsRequest: { MaxResults: [], NextToken: [""] },
    DescribeSecurityGroupsRequest: { OrderField: [], OrderDirection: [] },
    DescribeSecurityGroupPoliciesRequest: { Filters: [] },
    CreateNetworkInterfaceRequest: {
      Ipv6Addresses: [],
      Ipv6AddressCount: [0],
      TrunkingFlag: ["Disable"],
      IsRdma: [false],
      TerminationProtection: [false],
      TrafficProtection: [false],
    },
    ModifyNetworkInterfaceAttributeRequest: { TrunkingFlag: ["Disable"] },
    UnassignPrivateIpAddressesRequest: { InstanceId: [""] },
    AttachNetworkInterfaceRequest: { AttachType: [0] },
    // These are of answers; requests have the same object.
    PrivateIpAddressSpecification: { PublicIpAddress: [""], AddressId: [""], IsWanIpBlocked: [false], State: "any" },
    AllocateAddressesRequest: {
      InternetServiceProvider: ["BGP"],
      IPChargeType: [""],
      AddressChargePrepaid: [],
      AnycastZone: [""],
      VipCluster: [],
      ApplicableForCLB: [false],
      BandwidthPackageId: [""],
      DedicatedClusterId: [""],
      IsDedicatedAddressPool: [false],
      Egress: ["center_egress1"],
      AntiDDoSPackageId: [""],
    },
    DescribeTaskResultRequest: { DealName: [""] },
    AssociateAddressRequest: { EipDirectConnection: [false], InstanceRegion: [""] },
    DisassociateAddressRequest: { ReallocateNormalPublicIp: [false] },
    ModifyAddressAttributeRequest: { EipDirectConnection: ["FALSE", "false"], EipVisibleOnEni: [false] },
    // "Disused", the API's text says.
    ModifyAddressesBandwidthRequest: { StartTime: "any", EndTime: "any" },
    ModifyAddressInternetChargeTypeRequest: { AddressChargePrepaid: [] },
  },
  cvm: {
    RunInstancesRequest: {
      InstanceChargePrepaid: [],
      // Agents that the image would bring: the vendor's provider sends them with every machine.
      EnhancedService: "any",
      HostName: [""],
      ActionTimer: [],
      InstanceMarketOptions: [],
      Metadata: [],
      CpuTopology: [],
      HpcClusterId: [""],
      LaunchTemplate: [],
      DedicatedClusterId: [""],
      ChcIds: [],
      PartitionNumber: [0],
      EnableJumboFrame: [false],
    },
    Placement: {
      HostIds: [],
      HostId: [""],
      DedicatedResourcePackTenancy: [""],
      DedicatedResourcePackIds: [],
      RackId: [""],
    },
    SystemDisk: { DiskId: [""], CdcId: [""], DiskName: [""], Encrypt: [false], KmsKeyId: [""] },
    VirtualPrivateCloud: { AsVpcGateway: [false], Ipv6AddressCount: [0] },
    InternetAccessible: {
      BandwidthPackageId: [""],
      InternetServiceProvider: ["BGP"],
      IPv4AddressType: ["WanIP"],
      IPv6AddressType: [""],
      AntiDDoSPackageId: [""],
    },
    LoginSettings: { Password: [""], KeepImageLogin: ["FALSE", "false"] },
    // There are no prepaid disks.
    TerminateInstancesRequest: { ReleasePrepaidDataDisks: "any" },
    ModifyInstancesAttributeRequest: { CamRoleType: ["user"], AutoReboot: [false], EnableJumboFrame: [false] },
    ModifyDisasterRecoverGroupAttributeRequest: { Affinity: [] },
    // There are no hosts that a machine would leave.
    ModifyInstancesDisasterRecoverGroupRequest: { Force: "any", PartitionNumber: [0] },
    ResetInstanceRequest: { SystemDisk: [], LoginSettings: [], EnhancedService: "any", HostName: [""] },
    // A change of the type takes effect on a running machine.
    ResetInstancesTypeRequest: { ForceStop: "any" },
    // Refused as a whole.
    ModifyInstancesVpcAttributeRequest: { VirtualPrivateCloud: "any", ForceStop: "any", ReserveHostName: "any" },
  },
  cam: {
    CreateRoleRequest: { ConsoleLogin: [0], SessionDuration: [] },
    DescribeRoleListRequest: { Tags: [] },
    UpdatePolicyRequest: { Alias: [""] },
    AttachRolePolicyRequest: { PolicyName: [""] },
    DetachRolePolicyRequest: { PolicyName: [""] },
    ListAttachedRolePoliciesRequest: { Keyword: [""] },
  },
  cbs: { DescribeDisksRequest: { OrderField: [], Order: [], ReturnBindAutoSnapshotPolicy: [false] } },
};

type Fields = Record<string, unknown>;
const isEmpty = (value: unknown) => typeof value === "object" && Object.keys(value ?? {}).length === 0;

/** The first parameter that is not played, by its path; empty lists and objects say nothing. */
function firstUnplayed(service: string, object: string, body: Fields, path = ""): string | undefined {
  for (const [field, value] of Object.entries(body)) {
    if (isEmpty(value)) continue;
    const neutral = unplayed[service]?.[object]?.[field];
    if (neutral === "any") continue;
    if (neutral) {
      if (!neutral.includes(value)) return path + field;
      continue;
    }
    const base = fieldType(service, object, field)?.base ?? "";
    for (const entry of Array.isArray(value) ? value : [value]) {
      if (typeof entry !== "object" || entry === null) continue;
      const found = firstUnplayed(service, base, entry as Fields, `${path}${field}.`);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Refuses a request with something in it that would be taken and ignored. */
export function checkPlayed(service: string, object: string, body: Fields): void {
  const path = firstUnplayed(service, object, body);
  if (path === undefined) return;
  throw new CloudError("UnsupportedOperation", `This cloud does not play the parameter \`${path}\` with this value.`);
}

/** Parameters that nobody looks at: for tests, which hold handlers to what they take. */
export class Watched {
  /** The request, to be handed to a handler. */
  readonly body: Fields;
  readonly #unread = new Set<string>();

  constructor(service: string, object: string, body: Fields) {
    this.body = this.#watch(service, object, body, "");
  }

  unread(): string[] {
    return [...this.#unread];
  }

  #watch(service: string, object: string, body: Fields, path: string): Fields {
    const watched = Object.entries(body).map(([field, value]): [string, unknown] => {
      const where = path + field;
      if (unplayed[service]?.[object]?.[field] || field === "ClientToken") return [field, value];
      this.#unread.add(where);
      const base = fieldType(service, object, field)?.base ?? "";
      const inner = (entry: unknown) =>
        typeof entry === "object" && entry !== null ? this.#watch(service, base, entry as Fields, `${where}.`) : entry;
      return [field, Array.isArray(value) ? value.map(inner) : inner(value)];
    });
    return new Proxy(Object.fromEntries(watched), {
      get: (target, field) => {
        if (typeof field === "string") this.#unread.delete(path + field);
        return Reflect.get(target, field);
      },
    });
  }
}
