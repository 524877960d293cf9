/**
 * How the inline engine carries out each resource of the program: the one table that stands in for the providers.
 * It knows what this program uses and no more; a change that it can't make in place is left to the real engine.
 */
import { ssh, sshArgs } from "../ssh.ts";
import { until as waitUntil } from "../wait.ts";
import type { Call, Json, Service } from "./client.ts";

export interface Tools {
  call: Call;
  /** Shows what the engine waits for; repeated with what it last saw. */
  progress(text: string): void;
  /** File with the private key of the lab: keys travel to ssh by file, never on a command line. */
  sshKeyFile: string;
}

export interface Made {
  id: string;
  state: Json;
}

export interface Resource {
  /** `remember` stores the id at once, so that nothing is lost when a wait behind it fails. */
  create(inputs: Json, tools: Tools, remember: (id: string) => void): Promise<Made>;
  /** In-place change; absent = only the real engine can. */
  update?(id: string, inputs: Json, tools: Tools): Promise<Json>;
  /** Succeeds when the thing is already gone. */
  remove(id: string, inputs: Json, tools: Tools): Promise<void>;
}

/** How long the cloud may take for any one step. */
const limitMs = 180_000;
const until = <T>({ progress }: Tools, what: string, look: () => Promise<T | string>): Promise<T> =>
  waitUntil({ what, limitMs, progress }, look);

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const tags = (inputs: Json) => Object.entries((inputs.tags ?? {}) as Json).map(([Key, Value]) => ({ Key, Value }));
const codeOf = (error: unknown) => (error as { code?: string }).code ?? "";

async function gone(action: Promise<unknown>): Promise<void> {
  await action.catch((error: unknown) => {
    if (!/NotFound|NotExist/.test(codeOf(error))) throw error;
  });
}

/** Several handlers of the cloud refuse while a task on the same thing runs. */
async function whenFree<T>(tools: Tools, what: string, act: () => Promise<T>): Promise<T> {
  const made = await until(tools, what, async () => {
    try {
      return { value: await act() };
    } catch (error) {
      if (!/Mutex|ResourceInUse|InvalidState|TaskRunning/.test(codeOf(error))) throw error;
      return codeOf(error);
    }
  });
  return made.value;
}

async function eni(tools: Tools, id: string): Promise<Json | undefined> {
  try {
    return list(
      (await tools.call("vpc", "DescribeNetworkInterfaces", { NetworkInterfaceIds: [id] })).NetworkInterfaceSet,
    )[0];
  } catch (error) {
    if (codeOf(error) === "ResourceNotFound") return undefined;
    throw error;
  }
}

const address = async ({ call }: Tools, id: string): Promise<Json | undefined> =>
  list((await call("vpc", "DescribeAddresses", { AddressIds: [id] })).AddressSet)[0];

const rule = (entry: Json): Json => ({
  Protocol: entry.protocol,
  Port: entry.port,
  CidrBlock: entry.cidrBlock,
  Action: entry.action,
  PolicyDescription: entry.description,
});

/** Runs the command's text on the node, its stdin on stdin, as soon as the node takes connections. */
function onNode(inputs: Json, command: unknown, tools: Tools): Promise<Json> {
  const { user = "root", host } = inputs.connection as Json;
  const target = `${user}@${host}`;
  return until(tools, `ssh to ${target}`, async () => {
    const args = await sshArgs(tools.sshKeyFile, String(user), String(host), [String(command)]);
    const result = await ssh(args, String(inputs.stdin ?? ""), (line) => tools.progress(`${target}: ${line}`));
    if (result.code === 0) return { stdout: result.stdout, stderr: result.stderr };
    if (result.code === 255) return result.stderr.trim() || "no connection";
    throw new Error(
      `The command on ${target} failed (${result.code}):\n${result.stderr.trim() || result.stdout.trim()}`,
    );
  });
}

/**
 * A resource that one action makes and one removes; what differs is data. An input becomes the parameter of the same
 * name with a capital, unless `rename` or `request` says otherwise; the id is also the output `<type>Id`.
 */
interface Plain {
  service: Service;
  create: string;
  rename?: Record<string, string>;
  /** The inputs to copy; all of them by default. */
  copy?: string[];
  /** Parameters that are no plain copy of an input; null leaves one out. */
  request?(inputs: Json): Json;
  /** Path of the id in the answer, e.g. `Vpc.VpcId`. */
  made: string;
  /** Action and parameter of the removal; a list parameter ends in []. */
  remove: `${string}.${string}`;
  update?(id: string, inputs: Json): [action: string, request: Json];
  /** What the cloud shows of it, undefined once it is gone. With `ready` the engine waits on both ends. */
  look?(tools: Tools, id: string): Promise<Json | undefined>;
  ready?(seen: Json): Json | string;
}

const plain = (p: Plain): Resource => ({
  create: async (inputs, tools, remember) => {
    const named = Object.entries(inputs)
      .filter(([key]) => key !== "tags" && (p.copy?.includes(key) ?? true))
      .map(([key, value]) => [p.rename?.[key] ?? key.charAt(0).toUpperCase() + key.slice(1), value]);
    const request = { ...Object.fromEntries(named), Tags: tags(inputs), ...p.request?.(inputs) };
    const sent = Object.fromEntries(
      Object.entries(request).filter(([, value]) => value !== null && value !== undefined),
    );
    const answer = await tools.call(p.service, p.create, sent);
    const id = String(p.made.split(".").reduce<unknown>((value, key) => (value as Json)[key], answer));
    remember(id);
    const { look, ready } = p;
    if (!look || !ready) return { id, state: {} };
    const state = await until(tools, `${id} ready`, async () => {
      const seen = await look(tools, id);
      return seen ? ready(seen) : "absent";
    });
    return { id, state };
  },
  ...(p.update && {
    update: async (id: string, inputs: Json, tools: Tools) => tools.call(p.service, ...p.update!(id, inputs)),
  }),
  remove: async (id, _inputs, tools) => {
    const [action = "", parameter = ""] = p.remove.split(".");
    const value = /^\d+$/.test(id) && action === "DeletePolicy" ? Number(id) : id;
    const request = parameter.endsWith("[]") ? { [parameter.slice(0, -2)]: [value] } : { [parameter]: value };
    await gone(whenFree(tools, `${id} unused`, () => tools.call(p.service, action, request)));
    const { look } = p;
    if (look) await until(tools, `${id} gone`, async () => ((await look(tools, id)) ? "still there" : {}));
  },
});

/** A resource that is a relation between two others: made, undone, and seen only through one of them. */
interface Relation {
  id(inputs: Json): string;
  make(inputs: Json): [action: string, request: Json];
  undo(inputs: Json): [action: string, request: Json];
  /** True while it holds; a word for what is seen while that is open. */
  holds(tools: Tools, inputs: Json): Promise<boolean | string>;
}

const relation = (r: Relation): Resource => {
  const settle = (tools: Tools, inputs: Json, wanted: boolean) =>
    until(tools, `${r.id(inputs)} ${wanted ? "bound" : "free"}`, async () => {
      const now = await r.holds(tools, inputs);
      return now === wanted ? {} : String(now);
    });
  return {
    create: async (inputs, tools, remember) => {
      await tools.call("vpc", ...r.make(inputs));
      remember(r.id(inputs));
      await settle(tools, inputs, true);
      return { id: r.id(inputs), state: {} };
    },
    remove: async (_id, inputs, tools) => {
      if ((await r.holds(tools, inputs)) === false) return;
      await gone(whenFree(tools, `${r.id(inputs)} free`, () => tools.call("vpc", ...r.undo(inputs))));
      await settle(tools, inputs, false);
    },
  };
};

const rulesOf = (i: Json): [string, Json] => [
  "ModifySecurityGroupPolicies",
  {
    SecurityGroupId: i.securityGroupId,
    SecurityGroupPolicySet: { Ingress: list(i.ingresses).map(rule), Egress: list(i.egresses).map(rule) },
  },
];

export const resources: Record<string, Resource> = {
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
  "tencentcloud:index/keyPair:KeyPair": plain({
    service: "cvm",
    create: "ImportKeyPair",
    request: () => ({ ProjectId: 0, Tags: null }),
    made: "KeyId",
    remove: "DeleteKeyPairs.KeyIds[]",
  }),
  "tencentcloud:index/placementGroup:PlacementGroup": plain({
    service: "cvm",
    create: "CreateDisasterRecoverGroup",
    request: () => ({ Tags: null }),
    made: "DisasterRecoverGroupId",
    remove: "DeleteDisasterRecoverGroups.DisasterRecoverGroupIds[]",
  }),
  "tencentcloud:index/camRole:CamRole": plain({
    service: "cam",
    create: "CreateRole",
    rename: { name: "RoleName", document: "PolicyDocument" },
    request: () => ({ Tags: null }),
    made: "RoleId",
    remove: "DeleteRole.RoleId",
  }),
  "tencentcloud:index/camPolicy:CamPolicy": plain({
    service: "cam",
    create: "CreatePolicy",
    rename: { name: "PolicyName", document: "PolicyDocument" },
    made: "PolicyId",
    update: (id, i) => ["UpdatePolicy", { PolicyId: Number(id), PolicyDocument: i.document }],
    remove: "DeletePolicy.PolicyId[]",
  }),
  "tencentcloud:index/camRolePolicyAttachment:CamRolePolicyAttachment": {
    create: async (i, { call }) => {
      await call("cam", "AttachRolePolicy", { AttachRoleId: i.roleId, PolicyId: Number(i.policyId) });
      return { id: `${i.roleId}#${i.policyId}`, state: {} };
    },
    remove: (_id, i, { call }) =>
      gone(call("cam", "DetachRolePolicy", { DetachRoleId: i.roleId, PolicyId: Number(i.policyId) })),
  },
  "tencentcloud:index/eni:Eni": plain({
    service: "vpc",
    create: "CreateNetworkInterface",
    rename: {
      name: "NetworkInterfaceName",
      description: "NetworkInterfaceDescription",
      orderlySecurityGroups: "SecurityGroupIds",
    },
    request: (i) => ({
      Ipv4s: null,
      PrivateIpAddresses: list(i.ipv4s).map(({ ip, primary, description = "" }) => ({
        PrivateIpAddress: ip,
        Primary: primary,
        Description: description,
      })),
    }),
    made: "NetworkInterface.NetworkInterfaceId",
    remove: "DeleteNetworkInterface.NetworkInterfaceId",
    look: eni,
    ready: (seen) => (seen.State === "AVAILABLE" ? { mac: seen.MacAddress } : String(seen.State)),
  }),
  "tencentcloud:index/eniAttachment:EniAttachment": relation({
    id: (i) => `${i.eniId}+${i.instanceId}`,
    make: (i) => ["AttachNetworkInterface", { NetworkInterfaceId: i.eniId, InstanceId: i.instanceId }],
    undo: (i) => ["DetachNetworkInterface", { NetworkInterfaceId: i.eniId, InstanceId: i.instanceId }],
    holds: async (tools, i) => {
      const seen = await eni(tools, String(i.eniId));
      if (seen?.State !== "AVAILABLE") return String(seen?.State ?? false);
      return (seen.Attachment as Json | null)?.InstanceId === i.instanceId;
    },
  }),
  "tencentcloud:index/eip:Eip": plain({
    service: "vpc",
    create: "AllocateAddresses",
    rename: { name: "AddressName" },
    made: "AddressSet.0",
    remove: "ReleaseAddresses.AddressIds[]",
    look: address,
    ready: (seen) => (seen.AddressStatus === "CREATING" ? "CREATING" : { publicIp: seen.AddressIp }),
  }),
  "tencentcloud:index/eipAssociation:EipAssociation": relation({
    id: (i) => `${i.eipId}::${i.networkInterfaceId}::${i.privateIp}`,
    make: (i) => [
      "AssociateAddress",
      { AddressId: i.eipId, NetworkInterfaceId: i.networkInterfaceId, PrivateIpAddress: i.privateIp },
    ],
    undo: (i) => ["DisassociateAddress", { AddressId: i.eipId }],
    holds: async (tools, i) => {
      const status = (await address(tools, String(i.eipId)))?.AddressStatus ?? "UNBIND";
      return status === "UNBIND" ? false : /^BIND(_ENI)?$/.test(String(status)) || String(status);
    },
  }),
  "tencentcloud:index/instance:Instance": plain({
    service: "cvm",
    create: "RunInstances",
    copy: ["imageId", "instanceName", "instanceType", "camRoleName", "disasterRecoverGroupIds"],
    request: (i) => ({
      Placement: { Zone: i.availabilityZone },
      VirtualPrivateCloud: { VpcId: i.vpcId, SubnetId: i.subnetId },
      InternetAccessible: {
        PublicIpAssigned: i.allocatePublicIp === true,
        InternetChargeType: i.internetChargeType,
        InternetMaxBandwidthOut: i.internetMaxBandwidthOut,
      },
      SecurityGroupIds: i.orderlySecurityGroups,
      SystemDisk: { DiskType: i.systemDiskType, DiskSize: i.systemDiskSize },
      LoginSettings: { KeyIds: i.keyIds },
      UserData: i.userDataRaw && Buffer.from(String(i.userDataRaw)).toString("base64"),
      Tags: null,
      TagSpecification: tags(i).length > 0 ? [{ ResourceType: "instance", Tags: tags(i) }] : null,
    }),
    made: "InstanceIdSet.0",
    remove: "TerminateInstances.InstanceIds[]",
    look: async ({ call }, id) => list((await call("cvm", "DescribeInstances", { InstanceIds: [id] })).InstanceSet)[0],
    ready: (seen) => {
      if (seen.InstanceState === "LAUNCH_FAILED") throw new Error(`${seen.InstanceName} could not be launched`);
      if (seen.InstanceState !== "RUNNING") return String(seen.InstanceState);
      const first = (value: unknown) => (Array.isArray(value) ? value[0] : undefined) ?? "";
      return { privateIp: first(seen.PrivateIpAddresses), publicIp: first(seen.PublicIpAddresses) };
    },
  }),
  // The engine itself keeps a stash's first value for as long as the stack lives.
  "pulumi:index:Stash": {
    create: async (i) => ({ id: "stash", state: { output: i.input } }),
    remove: async () => {},
  },
  "command:remote:Command": {
    create: async (i, tools) => ({ id: "command", state: await onNode(i, i.create, tools) }),
    update: (_id, i, tools) => onNode(i, i.create, tools),
    remove: async (_id, i, tools) => void (i.delete !== undefined && (await onNode(i, i.delete, tools))),
  },
};
/** The data sources that the program asks. */
export async function lookups(token: string, inputs: Json, { call }: Tools): Promise<Json> {
  switch (token) {
    case "tencentcloud:index/getEnis:getEnis": {
      const Filters = [{ Name: "address-ip", Values: [inputs.ipv4] }];
      const found = list((await call("vpc", "DescribeNetworkInterfaces", { Filters, Limit: 100 })).NetworkInterfaceSet);
      const ipv4s = (e: Json) =>
        list(e.PrivateIpAddressSet).map((a) => ({ ip: a.PrivateIpAddress, primary: a.Primary }));
      const instanceId = (e: Json) => (e.Attachment as Json | null)?.InstanceId;
      return {
        enis: found.map((e) => ({
          id: e.NetworkInterfaceId,
          name: e.NetworkInterfaceName,
          ipv4s: ipv4s(e),
          instanceId: instanceId(e),
        })),
      };
    }
    case "tencentcloud:index/getImages:getImages": {
      const Filters = [{ Name: "image-type", Values: inputs.imageTypes }];
      const request = { Filters, InstanceType: inputs.instanceType, Limit: 100 };
      const found = list((await call("cvm", "DescribeImages", request)).ImageSet);
      // As the provider looks: any part of the name in any case, the newest image first.
      const part = String(inputs.osName).toLowerCase();
      const images = found
        .filter((i) => String(i.OsName).toLowerCase().includes(part))
        .sort((a, b) => Date.parse(String(b.CreatedTime)) - Date.parse(String(a.CreatedTime)))
        .map((i) => ({ imageId: i.ImageId, imageName: i.ImageName, osName: i.OsName }));
      return { images };
    }
    default:
      throw new Error(`The inline engine does not know the lookup ${token}; this needs the real engine.`);
  }
}
