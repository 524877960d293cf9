/** A world that was there before the pair, as the data sources tell of it. */
import type { Given } from "../../support/mocks.ts";
import { getEnis, lookups } from "./stack.ts";

type Json = Record<string, unknown>;

/** What the provider's data sources find; a test changes what it wants otherwise. */
export interface World {
  vpcs: Json[];
  subnets: Json[];
  groups: string[];
  eips: Json[];
  enis: { id: string; name: string; instanceId?: string; ipv4s: { ip: string; primary?: boolean }[] }[];
  /** Addresses in use that no ENI above has, with the kind of thing and its id. */
  used: Record<string, [kind: string, id: string]>;
}

export const existingWorld = (): World => ({
  vpcs: [{ vpcId: "vpc-00000001", name: "theirs", cidrBlock: "10.8.0.0/16" }],
  subnets: [
    {
      subnetId: "subnet-00000001",
      vpcId: "vpc-00000001",
      name: "web",
      cidrBlock: "10.8.4.0/24",
      availabilityZone: "ap-guangzhou-4",
      availableIpCount: 200,
    },
  ],
  groups: ["sg-00000001"],
  eips: [{ eipId: "eip-00000001", publicIp: "198.51.100.77", status: "UNBIND", instanceId: "", eniId: "" }],
  enis: [],
  used: {},
});

/** The pair's ENIs in a running stack, the VIP on the second. */
export const ownEnis = (pair: string): World["enis"] => [
  { id: "eni-0000000a", name: `${pair}-a`, instanceId: "ins-a", ipv4s: [{ ip: "10.8.4.16", primary: true }] },
  {
    id: "eni-0000000b",
    name: `${pair}-b`,
    instanceId: "ins-b",
    ipv4s: [{ ip: "10.8.4.17", primary: true }, { ip: "10.8.4.9" }],
  },
];

/** Settings of a pair in that world; zone and subnet's network are looked up. */
export const existingConfig = {
  zone: "",
  vpcId: "vpc-00000001",
  subnetId: "subnet-00000001",
  vip: "10.8.4.9",
  securityGroupIds: '["sg-00000001"]',
  publicIpId: "eip-00000001",
};

/** Answers of the data sources, which filter as the provider's do. */
export function worldAnswers(world: World): Required<Given>["calls"] {
  const used: Json[] = [
    ...world.enis.flatMap(({ id, ipv4s }) =>
      ipv4s.map(({ ip }) => ({ ipAddress: ip, resourceType: "ENI", resourceId: id })),
    ),
    ...Object.entries(world.used).map(([ipAddress, [resourceType, resourceId]]) => {
      return { ipAddress, resourceType, resourceId };
    }),
  ];
  const token = (name: string) => `tencentcloud:index/${name}:${name}`;
  return {
    ...lookups,
    // Fuzzy, as a name's filter may be.
    [getEnis]: ({ name }) => ({ enis: world.enis.filter((eni) => eni.name.includes(String(name).slice(0, -2))) }),
    [token("getVpcInstances")]: ({ vpcId }) => ({ instanceLists: world.vpcs.filter((vpc) => vpc.vpcId === vpcId) }),
    [token("getVpcSubnets")]: ({ subnetId, vpcId }) => ({
      instanceLists: world.subnets.filter(
        (subnet) =>
          (subnetId === undefined || subnet.subnetId === subnetId) && (vpcId === undefined || subnet.vpcId === vpcId),
      ),
    }),
    [token("getVpcUsedIpAddress")]: ({ ipAddresses }) => ({
      ipAddressStates: used.filter(({ ipAddress }) => (ipAddresses as unknown[]).includes(ipAddress)),
    }),
    [token("getSecurityGroups")]: ({ securityGroupId }) => ({
      securityGroups: world.groups.filter((id) => id === securityGroupId).map((id) => ({ securityGroupId: id })),
    }),
    [token("getEips")]: ({ eipId }) => ({ eipLists: world.eips.filter((eip) => eip.eipId === eipId) }),
  };
}

/** What the stack of existingConfig was made with. */
export const madeThere = {
  zone: "ap-guangzhou-4",
  subnetCidr: "10.8.4.0/24",
  vip: "10.8.4.9",
  nodeAddressA: "10.8.4.16",
  nodeAddressB: "10.8.4.17",
  vpcId: "vpc-00000001",
  subnetId: "subnet-00000001",
  publicIpId: "eip-00000001",
  run: "the first",
};
