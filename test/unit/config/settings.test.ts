import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../../config/settings.ts";
import { key, least, sshKey } from "../given.ts";
import { problemsOf, without } from "./problems.ts";

test("the least configuration gives every default", () => {
  assert.deepEqual(parseSettings(least), {
    region: "ap-guangzhou",
    zone: "ap-guangzhou-3",
    mode: "stable",
    preferredNode: "a",
    preemptDelayS: 30,
    advertIntervalMs: 500,
    virtualRouterId: 51,
    vpcId: undefined,
    vpcCidr: "10.0.0.0/16",
    subnetId: undefined,
    subnetCidr: "10.0.1.0/24",
    vip: "10.0.1.100",
    nodeAddresses: { a: "10.0.1.16", b: "10.0.1.17" },
    securityGroupIds: [],
    publicIp: false,
    publicIpId: undefined,
    publicIpBandwidthMbps: 10,
    nodePublicIp: true,
    sshPublicKey: key.publicKey,
    keyPairId: undefined,
    sshPrivateKey: key.privateKey,
    agentSocketPath: undefined,
    sshUser: "root",
    hostKeys: {},
    instanceIds: undefined,
    nodeRole: undefined,
    nodeCredentials: undefined,
    bastion: null,
    sshCidrs: ["203.0.113.7/32"],
    servicePorts: [],
    serviceCidrs: [],
    instanceType: "S5.MEDIUM2",
    imageName: "Debian 12",
    imageId: undefined,
    systemDiskType: "CLOUD_PREMIUM",
    systemDiskSizeGb: 50,
    userData: undefined,
    vpcEndpoints: ["vpc.tencentcloudapi.com", "vpc.internal.tencentcloudapi.com"],
    healthCheck: null,
    hooks: [],
    notifyUrl: null,
    tags: {},
  });
});

test("everything set arrives as it was set", () => {
  const host = sshKey().publicKey;
  const settings = parseSettings(
    {
      ...least,
      mode: "standing-master",
      preferredNode: "b",
      preemptDelay: "0",
      failoverSpeed: "aggressive",
      virtualRouterId: "255",
      vpcCidr: "172.16.0.0/12",
      subnetCidr: "172.16.5.0/28",
      vip: "172.16.5.9",
      nodeAddresses: '{"a":"172.16.5.2","b":"172.16.5.14"}',
      publicIp: "true",
      nodePublicIp: "false",
      hostKeys: JSON.stringify({ b: host }),
      servicePorts: '[80,"443/tcp","53/udp"]',
      imageName: "Ubuntu Server 22.04",
      userDataFile: "start.sh",
      tags: '{"team":"web"}',
    },
    { readText: (file) => `text of ${file}` },
  );
  assert.equal(settings.advertIntervalMs, 100);
  assert.equal(settings.preemptDelayS, 0);
  assert.equal(settings.sshUser, "ubuntu");
  assert.equal(settings.userData, "text of start.sh");
  assert.deepEqual(settings.hostKeys, { b: host });
  assert.deepEqual(settings.vpcEndpoints, ["vpc.internal.tencentcloudapi.com", "vpc.tencentcloudapi.com"]);
  assert.partialDeepStrictEqual(settings, {
    mode: "standing-master",
    preferredNode: "b",
    preemptDelayS: 0,
    advertIntervalMs: 100,
    virtualRouterId: 255,
    vip: "172.16.5.9",
    subnetCidr: "172.16.5.0/28",
    servicePorts: [
      { port: 80, protocol: "TCP" },
      { port: 443, protocol: "TCP" },
      { port: 53, protocol: "UDP" },
    ],
    nodeAddresses: { a: "172.16.5.2", b: "172.16.5.14" },
    region: "ap-guangzhou",
    vpcEndpoints: ["vpc.internal.tencentcloudapi.com", "vpc.tencentcloudapi.com"],
    healthCheck: null,
    hooks: [],
    notifyUrl: null,
  });
});

test("each speed has its advert interval", () => {
  const ms = ["patient", "normal", "fast", "aggressive"].map(
    (failoverSpeed) => parseSettings({ ...least, failoverSpeed }).advertIntervalMs,
  );
  assert.deepEqual(ms, [1000, 500, 300, 100]);
});

test("named API endpoints replace the chosen ones", () => {
  const { vpcEndpoints } = parseSettings({ ...least, apiEndpoints: '["vpc.ap-shanghai-fsi.tencentcloudapi.com"]' });
  assert.deepEqual(vpcEndpoints, ["vpc.ap-shanghai-fsi.tencentcloudapi.com"]);
});

const inSubnet = "allowed: an address of the subnet 10.0.1.0/24, 10.0.1.2 to 10.0.1.254";
const refused: [what: string, changes: Record<string, string>, message: string][] = [
  ["unknown mode", { mode: "activ" }, 'mode: "activ" is not allowed; allowed: stable or standing-master'],
  [
    "unknown speed",
    { failoverSpeed: "warp" },
    'failoverSpeed: "warp" is not allowed; allowed: patient, normal, fast or aggressive',
  ],
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
  ["virtual router id 0", { virtualRouterId: "0" }, "virtualRouterId: 0 is not allowed; allowed: 1 to 255"],
  ["virtual router id 256", { virtualRouterId: "256" }, "virtualRouterId: 256 is not allowed; allowed: 1 to 255"],
  ["a word for a number", { preemptDelay: "soon" }, 'preemptDelay: "soon" is not allowed; allowed: 0 to 1000 seconds'],
  ["a word for a switch", { publicIp: "yes" }, 'publicIp: "yes" is not allowed; allowed: true or false'],
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
  [
    "no private key",
    without("sshPrivateKey"),
    "sshPrivateKey: is missing; allowed: the private half of sshPublicKey, set with --secret, or agentSocketPath of an SSH agent that has it",
  ],
  [
    "no private half of a key pair in the cloud",
    { ...without("sshPublicKey", "sshPrivateKey"), keyPairId: "skey-1" },
    "sshPrivateKey: is missing; allowed: the private half of keyPairId, set with --secret, or agentSocketPath of an SSH agent that has it",
  ],
  [
    "a private key alone",
    without("sshPublicKey"),
    "sshPrivateKey: (not shown) came without a key for the machines; allowed: sshPublicKey or keyPairId with it, or none of them: then the stack makes a key of its own",
  ],
  [
    "an agent alone",
    { ...without("sshPublicKey", "sshPrivateKey"), agentSocketPath: "SSH_AUTH_SOCK" },
    "agentSocketPath: came without a key for the machines; allowed: sshPublicKey or keyPairId with it, or none of them: then the stack makes a key of its own",
  ],
  [
    "a private key and an agent",
    { agentSocketPath: "/run/user/1000/agent" },
    "agentSocketPath: came together with sshPrivateKey; allowed: one of the two",
  ],
  [
    "an agent's name for its socket",
    { ...without("sshPrivateKey"), agentSocketPath: "my-agent" },
    `agentSocketPath: "my-agent" is not allowed; allowed: the path of an SSH agent's socket, or SSH_AUTH_SOCK for the one that this variable names`,
  ],
  [
    "both kinds of public key",
    { keyPairId: "skey-1" },
    "keyPairId: came together with sshPublicKey; allowed: one of the two",
  ],
  [
    "SSH from anywhere",
    { sshCidrs: '["0.0.0.0/0"]' },
    'sshCidrs: "0.0.0.0/0" opens SSH to the internet; allowed: your own networks, /8 or narrower, for example 203.0.113.7/32',
  ],
  [
    "SSH from half of everywhere",
    { sshCidrs: '["128.0.0.0/1"]' },
    'sshCidrs: "128.0.0.0/1" opens SSH to the internet; allowed: your own networks, /8 or narrower, for example 203.0.113.7/32',
  ],
  [
    "SSH from nowhere",
    { sshCidrs: "[]" },
    "sshCidrs: is missing: with nodePublicIp the nodes are reached over the internet; allowed: the networks you log in from, for example 203.0.113.7/32, or a bastion with a public IPv4 address as bastion.host",
  ],
  [
    "a bastion of which nobody knows from where the nodes see it",
    { sshCidrs: "[]", bastion: '{"host":"bastion.example.com"}' },
    "sshCidrs: is missing: with nodePublicIp the nodes are reached over the internet; allowed: the networks you log in from, for example 203.0.113.7/32, or a bastion with a public IPv4 address as bastion.host",
  ],
  [
    "a bastion without its address",
    { bastion: '{"user":"ops"}' },
    "bastion.host: is missing; allowed: a name or an IPv4 address",
  ],
  [
    "a bastion's unknown part, of which nothing is shown",
    { bastion: '{"host":"b.example","password":"hunter2"}' },
    "bastion.password: (not shown) is not allowed; allowed: host, a name or an IPv4 address, with user, port, hostKey and privateKey if you like",
  ],
  [
    "an option for a bastion's address",
    { bastion: '{"host":"-oProxyCommand=x"}' },
    "bastion.host: (not shown) is not allowed; allowed: host, a name or an IPv4 address, with user, port, hostKey and privateKey if you like",
  ],
  [
    "a bastion that does not know the stack's own key",
    { ...without("sshPublicKey", "sshPrivateKey"), bastion: '{"host":"198.51.100.7"}' },
    "bastion.privateKey: is missing: the bastion does not know the key that the stack makes; allowed: its private key, set with --secret, or a key of yours for all machines: sshPublicKey with sshPrivateKey",
  ],
  [
    "a list given as an object",
    { sshCidrs: '{"0":"203.0.113.7/32"}' },
    'sshCidrs: {"0":"203.0.113.7/32"} is not allowed; allowed: networks such as 203.0.113.7/32, with commas between them',
  ],
  ["a port twice", { servicePorts: "[80,80]" }, "servicePorts[1]: 80 came before; allowed: each port once"],
  [
    "a port too high",
    { servicePorts: "[80,70000]" },
    "servicePorts[1]: 70000 is not allowed; allowed: a list of ports, 1 to 65535, each once: 80 for TCP, 53/udp for UDP",
  ],
  [
    "a URL for a host name",
    { apiEndpoints: '["https://vpc.tencentcloudapi.com"]' },
    'apiEndpoints[0]: "https://vpc.tencentcloudapi.com" is not allowed; allowed: a list of host names without https://',
  ],
  [
    "an RSA host key",
    { hostKeys: JSON.stringify({ a: `ssh-rsa ${"A".repeat(60)}` }) },
    `hostKeys.a: "ssh-rsa ${"A".repeat(51)}… is not allowed; allowed: any, or the line of its /etc/ssh/ssh_host_ed25519_key.pub (ed25519 or ecdsa; an RSA host key can't be pinned)`,
  ],
  [
    "a file that is not there",
    { userDataFile: "/no/such/file" },
    'userDataFile: "/no/such/file" can\'t be read (ENOENT); allowed: a readable file of at most 12 KB',
  ],
  [
    "an unknown key close to a known one",
    { prefferedNode: "b" },
    "prefferedNode: is not a key of this project; did you mean preferredNode?",
  ],
];
for (const [what, changes, message] of refused) {
  test(`refused: ${what}`, () => assert.deepEqual(problemsOf(changes), [message]));
}

test("an unknown key that is like none lists all", () => {
  const [problem = ""] = problemsOf({ quux: "1" });
  assert.match(problem, /^quux: is not a key of this project; allowed: mode, preferredNode, .*, tags$/);
});

test("user data over the limit is refused with its size", () => {
  const problems = problemsOf({ userDataFile: "big" }, { readText: () => "x".repeat(12289) });
  assert.deepEqual(problems, ['userDataFile: "big" has 12289 bytes; allowed: at most 12288']);
});

test("a bastion has its defaults, its private key is a secret, and SSH is open to it", () => {
  const bastion = (value: object, more: Record<string, string> = {}) =>
    parseSettings({ ...least, ...more, bastion: JSON.stringify(value) });
  const host = "198.51.100.7";
  const none = { sshCidrs: "[]" };
  assert.deepEqual(bastion({ host }).bastion, {
    host,
    user: "root",
    port: 22,
    hostKey: undefined,
    privateKey: undefined,
  });
  const all = { host, user: "ops", port: 2222, hostKey: key.publicKey, privateKey: key.privateKey };
  assert.deepEqual(bastion(all).bastion, all);
  assert.deepEqual(bastion({ host }).sshCidrs, ["203.0.113.7/32"], "as it is set");
  assert.deepEqual(bastion({ host }, none).sshCidrs, [`${host}/32`]);
  assert.deepEqual(bastion({ host }, { ...none, nodePublicIp: "false" }).sshCidrs, []);
  assert.deepEqual(problemsOf({ bastion: JSON.stringify(all) }, { secretKeys: ["sshPrivateKey"] }), [
    "bastion.privateKey: is in clear in the stack's settings; allowed: pulumi config set --secret --path bastion.privateKey …",
  ]);
  assert.deepEqual(problemsOf({ bastion: JSON.stringify({ host }) }, { secretKeys: ["sshPrivateKey"] }), []);
});

test("several mistakes are told at once, and that nothing was changed", () => {
  const bad = { ...least, mode: "x", vip: "10.9.9.9", virtualRouterId: "256", colour: "red", zone: "" };
  assert.throws(
    () => parseSettings(bad),
    (error: Error) => {
      assert.match(error.message, /^The configuration has 5 problems; nothing was changed\.\n/);
      for (const name of ["mode", "vip", "virtualRouterId", "colour", "zone"]) {
        assert.equal(error.message.split("\n").filter((line) => line.startsWith(`  ${name}: `)).length, 1, name);
      }
      return true;
    },
  );
});

test("a list may be a line with commas, which is all that pulumi new can ask for", () => {
  const { sshCidrs, servicePorts } = parseSettings({
    ...least,
    sshCidrs: "203.0.113.7/32, 198.51.100.0/24",
    servicePorts: "80, 53/udp",
  });
  assert.deepEqual(
    [sshCidrs, servicePorts],
    [
      ["203.0.113.7/32", "198.51.100.0/24"],
      [
        { port: 80, protocol: "TCP" },
        { port: 53, protocol: "UDP" },
      ],
    ],
  );
  assert.deepEqual(parseSettings({ ...least, servicePorts: "80" }).servicePorts, [{ port: 80, protocol: "TCP" }]);
});

test("a tag may look like a number: pulumi config set --path keeps it as one", () => {
  const { tags } = parseSettings({ ...least, tags: '{"cost":42,"billed":true,"team":"web"}' });
  assert.deepEqual(tags, { cost: "42", billed: "true", team: "web" });
});

test("a tag may be as long as the cloud takes it, in any script", () => {
  const given = {
    ["k".repeat(127)]: "v".repeat(255),
    "cost centre": "a+b-c=d.e_f:g/h@(i)[j],k;l>m<n",
    团队: "网站（前端）",
    constructor: "x",
    projects: "y",
    ...Object.fromEntries(Array.from({ length: 45 }, (_, i) => [`k${i}`, "𠮷".repeat(255)])),
  };
  assert.deepEqual(parseSettings({ ...least, tags: JSON.stringify(given) }).tags, given);
});

test("a value that the user keeps secret is not shown, whatever its key", () => {
  const problems = problemsOf({ mode: "my-secret" }, { secretKeys: ["sshPrivateKey", "mode"] });
  assert.deepEqual(problems, ["mode: (not shown) is not allowed; allowed: stable or standing-master"]);
});
