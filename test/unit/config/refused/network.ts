import { without } from "../problems.ts";
import type { Row } from "./row.ts";

const inSubnet = "allowed: an address of the subnet 10.0.1.0/24, 10.0.1.2 to 10.0.1.254";

/** Where the pair goes: networks and addresses, made or there already. */
export const networkRows: Row[] = [
  ["VIP outside the subnet", { vip: "10.0.2.5" }, `vip: "10.0.2.5" is outside the subnet; ${inSubnet}`],
  ["VIP of a node", { vip: "10.0.1.17" }, `vip: "10.0.1.17" is already nodeAddresses.b; ${inSubnet}, one for each`],
  ["VIP of the gateway", { vip: "10.0.1.1" }, `vip: "10.0.1.1" is the gateway of the subnet; ${inSubnet}`],
  ["VIP of the network", { vip: "10.0.1.0" }, `vip: "10.0.1.0" is the network address of the subnet; ${inSubnet}`],
  [
    "VIP of the broadcast",
    { vip: "10.0.1.255" },
    `vip: "10.0.1.255" is the broadcast address of the subnet; ${inSubnet}`,
  ],
  ["VIP that is no address", { vip: "10.0.1.300" }, `vip: "10.0.1.300" is not an IPv4 address; ${inSubnet}`],
  ["VIP with a leading zero", { vip: "10.0.1.010" }, `vip: "10.0.1.010" is not an IPv4 address; ${inSubnet}`],
  [
    "two nodes with one address",
    { nodeAddresses: '{"a":"10.0.1.20","b":"10.0.1.20"}' },
    `nodeAddresses.b: "10.0.1.20" is already nodeAddresses.a; ${inSubnet}, one for each`,
  ],
  [
    "malformed VPC",
    { vpcCidr: "10.0.0.0" },
    'vpcCidr: "10.0.0.0" is not a CIDR; allowed: an IPv4 network such as 10.0.0.0/16',
  ],
  [
    "subnet not in network form",
    { subnetCidr: "10.0.1.5/24" },
    'subnetCidr: "10.0.1.5/24" has bits set behind its prefix; allowed: the network itself, "10.0.1.0/24"',
  ],
  [
    "subnet outside the VPC",
    { subnetCidr: "10.1.0.0/24" },
    'subnetCidr: "10.1.0.0/24" is not inside the VPC; allowed: a network within 10.0.0.0/16',
  ],
  [
    "subnet wider than the VPC",
    { vpcCidr: "10.0.1.0/25" },
    'subnetCidr: "10.0.1.0/24" is not inside the VPC; allowed: a network within 10.0.1.0/25',
  ],
  [
    "public VPC",
    { vpcCidr: "198.51.0.0/16", subnetCidr: "198.51.1.0/24" },
    'vpcCidr: "198.51.0.0/16" is not private; allowed: a network within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16',
  ],
  [
    "a subnet without an address for a new machine",
    { subnetCidr: "10.0.1.0/29" },
    'subnetCidr: "10.0.1.0/29" is too small; allowed: a prefix of at most /28',
  ],
  [
    "a VPC larger than the cloud's largest",
    { vpcCidr: "10.0.0.0/8" },
    'vpcCidr: "10.0.0.0/8" is too large; allowed: a prefix of /12 to /28',
  ],
  [
    "subnet too small for the default VIP",
    { subnetCidr: "10.0.1.0/26" },
    "vip: is missing: 10.0.1.0/26 is too small for the default (host 100); allowed: 10.0.1.2 to 10.0.1.62",
  ],
  [
    "overlapping networks in a list",
    { serviceCidrs: '["10.0.0.0/8","10.1.0.0/16"]' },
    'serviceCidrs[1]: "10.1.0.0/16" overlaps serviceCidrs[0] ("10.0.0.0/8"); allowed: networks that share no address',
  ],
  [
    "a network for a VPC that is there",
    { vpcId: "vpc-12345678", vpcCidr: "10.0.0.0/16", subnetCidr: "10.0.1.0/24" },
    "vpcCidr: came together with vpcId, whose network is looked up; allowed: one of the two",
  ],
  [
    "a network for a subnet that is there",
    { subnetId: "subnet-12345678", subnetCidr: "10.0.1.0/24", vip: "10.0.1.9" },
    "subnetCidr: came together with subnetId, whose network is looked up; allowed: one of the two",
  ],
  [
    "a VPC that is there, and no subnet",
    { vpcId: "vpc-12345678" },
    "subnetCidr: is missing: the VPC is not the pair's own; allowed: a free network of the VPC, or subnetId",
  ],
  [
    "a subnet that is there, and no VIP",
    { subnetId: "subnet-12345678" },
    "vip: is missing: the subnet is not the pair's own; allowed: a free address of the subnet",
  ],
  ["a blank id", { vpcId: " " }, 'vpcId: " " is not allowed; allowed: the id of a VPC, vpc-…'],
  [
    "another thing's id",
    { subnetId: "vpc-12345678", vip: "10.0.1.9" },
    'subnetId: "vpc-12345678" is not allowed; allowed: the id of a subnet, subnet-…',
  ],
  [
    "two EIPs",
    { publicIp: "true", publicIpId: "eip-12345678" },
    "publicIpId: came together with publicIp, which makes an EIP; allowed: one of the two",
  ],
  [
    "a group twice",
    { securityGroupIds: '["sg-12345678","sg-12345678"]' },
    'securityGroupIds[1]: "sg-12345678" came before; allowed: each group once',
  ],
  [
    "more groups than a NIC takes",
    { securityGroupIds: JSON.stringify([1, 2, 3, 4, 5].map((i) => `sg-1234567${i}`)) },
    'securityGroupIds: ["sg-12345671","sg-12345672","sg-12345673","sg-12345674","sg… is not allowed; allowed: a list of at most ' +
      "4 ids of security groups, sg-…, each once",
  ],
  [
    "no zone",
    without("zone"),
    "zone: is missing; allowed: a zone of the region, for example ap-guangzhou-3, or an existing subnetId",
  ],
  [
    "zone of another region",
    { zone: "ap-shanghai-2" },
    'zone: "ap-shanghai-2" is not in the region; allowed: a zone of ap-guangzhou, for example ap-guangzhou-3',
  ],
  [
    "no region",
    without("tencentcloud:region"),
    "tencentcloud:region: is missing; allowed: a region such as ap-guangzhou",
  ],
];
