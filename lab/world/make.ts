/**
 * What a user has before there is a pair, made by calls of the cloud's API as a user's own tools make them: a VPC with a
 * subnet, a bastion, two machines with a running web server, their security group and role, an EIP, and neighbours on the
 * addresses that the program would take by itself.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { keyPair } from "../command/settings.ts";
import { until } from "../command/wait.ts";
import { ask } from "../control.ts";
import { type Call, connect, type Json } from "../engine/client.ts";
import { clientArgv } from "../pair/inspect.ts";
import { type LabConfig, labPaths } from "../state.ts";
import { bastionKey, type World, type WorldMachine } from "./record.ts";

/** Other networks than the program's defaults: a default that is used in the place of what exists would show. */
const vpcCidr = "172.20.0.0/16";
const subnetCidr = "172.20.1.0/24";
const addresses = { bastion: "172.20.1.10", web: { a: "172.20.1.21", b: "172.20.1.22" }, vip: "172.20.1.50" };
/** The hosts that the program's defaults are on: node a, node b, VIP. */
const neighbourAddresses = ["172.20.1.16", "172.20.1.17", "172.20.1.100"];
/** Root's end of every lab's links: from there the lab's user comes. */
const officeCidr = "198.18.0.0/15";
const instanceType = "S5.MEDIUM2";

const accept = (Protocol: string, Port: string, CidrBlock: string) => ({ Protocol, Port, CidrBlock, Action: "ACCEPT" });

/** A web server as users have them: a page, and a unit that serves it. The page says which node the machine is to be. */
const webServer = (node: "a" | "b") => `#!/bin/sh
set -eu
mkdir -p /srv/www
echo ${node} > /srv/www/index.html
cat > /etc/systemd/system/web.service <<UNIT
[Unit]
Description=Web server
After=network.target

[Service]
ExecStart=/usr/bin/python3 -m http.server 80 --directory /srv/www
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now web.service
`;

const bastionSetup = `#!/bin/sh
set -eu
echo 'AllowTcpForwarding yes' > /etc/ssh/sshd_config.d/50-bastion.conf
systemctl reload ssh
`;

/** Makes the world and waits until its machines serve; what `npm run lab -- world` does the first time. */
export async function makeWorld(config: LabConfig): Promise<World> {
  const call = connect({ ...config, port: config.apiPort });
  const idOf = async (made: Promise<Json>, ...path: string[]) =>
    String(path.reduce<unknown>((value, key) => (value as Json)[key], await made));

  const vpcId = await idOf(call("vpc", "CreateVpc", { VpcName: "office", CidrBlock: vpcCidr }), "Vpc", "VpcId");
  const subnet = { VpcId: vpcId, SubnetName: "servers", CidrBlock: subnetCidr, Zone: config.zone };
  const subnetId = await idOf(call("vpc", "CreateSubnet", subnet), "Subnet", "SubnetId");
  const group = async (GroupName: string, ingress: Json[]) => {
    const request = { GroupName, GroupDescription: `${GroupName} of the office` };
    const id = await idOf(call("vpc", "CreateSecurityGroup", request), "SecurityGroup", "SecurityGroupId");
    const rules = { Ingress: ingress, Egress: [accept("ALL", "ALL", "0.0.0.0/0")] };
    await call("vpc", "ModifySecurityGroupPolicies", { SecurityGroupId: id, SecurityGroupPolicySet: rules });
    return id;
  };
  const bastionGroupId = await group("bastion", [accept("TCP", "22", officeCidr)]);
  const securityGroupId = await group("servers", [
    accept("TCP", "22", `${addresses.bastion}/32`),
    accept("TCP", "80", vpcCidr),
    accept("ICMP", "ALL", vpcCidr),
  ]);

  const key = async (KeyName: string, PublicKey: string) =>
    idOf(call("cvm", "ImportKeyPair", { KeyName, ProjectId: 0, PublicKey }), "KeyId");
  const keyPairId = await key("office", keyPair(config.name).publicKey);
  const bastionKeyId = await key("bastion", bastionKey(config.name).publicKey);
  await makeRole(call);

  const machine = async (name: string, address: string, more: Json) => {
    const request = {
      InstanceName: name,
      InstanceType: instanceType,
      ImageId: await imageId(call),
      Placement: { Zone: config.zone },
      VirtualPrivateCloud: { VpcId: vpcId, SubnetId: subnetId, PrivateIpAddresses: [address] },
      ...more,
    };
    const made = await call("cvm", "RunInstances", request);
    return { name, instanceId: String((made.InstanceIdSet as string[])[0]), address };
  };
  const userData = (text: string) => Buffer.from(text).toString("base64");
  const web = (name: string, node: "a" | "b") =>
    machine(name, addresses.web[node], {
      SecurityGroupIds: [securityGroupId],
      LoginSettings: { KeyIds: [keyPairId] },
      CamRoleName: roleName,
      UserData: userData(webServer(node)),
    });
  const bastion = await machine("bastion", addresses.bastion, {
    SecurityGroupIds: [bastionGroupId],
    LoginSettings: { KeyIds: [bastionKeyId] },
    InternetAccessible: { PublicIpAssigned: true, InternetMaxBandwidthOut: 10 },
    UserData: userData(bastionSetup),
  });
  const machines = { a: await web("web-1", "a"), b: await web("web-2", "b") };

  for (const [n, PrivateIpAddress] of neighbourAddresses.entries()) {
    await call("vpc", "CreateNetworkInterface", {
      VpcId: vpcId,
      SubnetId: subnetId,
      NetworkInterfaceName: `neighbour-${n + 1}`,
      SecurityGroupIds: [securityGroupId],
      PrivateIpAddresses: [{ PrivateIpAddress, Primary: true }],
    });
  }
  const [publicIpId = ""] = (await call("vpc", "AllocateAddresses", { AddressName: "office" })).AddressSet as string[];

  const servers = Object.values(machines);
  await Promise.all([bastion, ...servers].map((one) => ready(config, one)));
  await Promise.all(servers.map(({ address }) => serves(config, address, vpcId)));
  return {
    ...{ vpcId, subnetId, securityGroupId, bastionGroupId, keyPairId, roleName, publicIpId, machines },
    bastion: { ...bastion, publicIp: await publicAddress(call, bastion.instanceId) },
    vip: addresses.vip,
  };
}

const roleName = "office-servers";

/** The role that the machines have, with a policy of the user's own on it. */
async function makeRole(call: Call): Promise<void> {
  const trust = { action: "name/sts:AssumeRole", effect: "allow", principal: { service: "cvm.qcloud.com" } };
  await call("cam", "CreateRole", {
    RoleName: roleName,
    PolicyDocument: JSON.stringify({ version: "2.0", statement: [trust] }),
  });
  const look = { action: ["cvm:DescribeInstances"], effect: "allow", resource: ["*"] };
  const { PolicyId } = await call("cam", "CreatePolicy", {
    PolicyName: roleName,
    PolicyDocument: JSON.stringify({ version: "2.0", statement: [look] }),
  });
  await call("cam", "AttachRolePolicy", { PolicyId, AttachRoleName: roleName });
}

async function imageId(call: Call): Promise<string> {
  const Filters = [{ Name: "image-type", Values: ["PUBLIC_IMAGE"] }];
  const images = (await call("cvm", "DescribeImages", { Filters, Limit: 100 })).ImageSet as Json[];
  const found = images.find(({ OsName }) => String(OsName).startsWith("Debian 12"));
  if (!found) throw new Error("the local cloud has no image of Debian 12");
  return String(found.ImageId);
}

async function publicAddress(call: Call, instanceId: string): Promise<string> {
  const [seen] = (await call("cvm", "DescribeInstances", { InstanceIds: [instanceId] })).InstanceSet as Json[];
  return String((seen?.PublicIpAddresses as string[] | undefined)?.[0]);
}

const limitMs = 180_000;
const progress = (text: string) => console.log(text);

/** Up, and its user data is done. */
function ready({ name }: LabConfig, machine: WorldMachine): Promise<true> {
  const { control } = labPaths(name);
  const argv = ["systemctl", "show", "--property=ActiveState", "--value", "first-boot.service"];
  return until({ what: `${machine.name} being up`, limitMs, progress }, async () => {
    const seen = await ask<string>(control, "exec", { instanceId: machine.instanceId, argv }).catch(String);
    return seen.trim() === "active" || seen.trim();
  });
}

/** Its web server answers a client of the VPC. */
function serves({ name }: LabConfig, address: string, vpcId: string): Promise<true> {
  return until({ what: `an answer from ${address}`, limitMs, progress }, async () => {
    const url = `http://${address}/`;
    const [file = "", ...args] = await clientArgv(name, "vpc", ["curl", "-sSf", "-m", "2", url], vpcId);
    return promisify(execFile)(file, args).then(
      () => true as const,
      (error: { stderr?: string }) => (error.stderr ?? "nothing").trim(),
    );
  });
}
