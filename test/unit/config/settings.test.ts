import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../../config/settings.ts";
import { key, least, sshKey } from "../given.ts";
import { problemsOf } from "./problems.ts";

test("the least configuration gives every default", () => {
  assert.deepEqual(parseSettings(least), {
    region: "ap-guangzhou",
    zone: "ap-guangzhou-3",
    mode: "stable",
    preferredNode: "a",
    preemptDelayS: 30,
    advertIntervalMs: 300,
    virtualRouterId: 51,
    keepConnectionsS: null,
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
    notifyFormat: "json",
    notifySecret: null,
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
      keepConnections: "10m",
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
    keepConnectionsS: 600,
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
