/**
 * All that can be seen of a world, as sorted lines: every record that the cloud's API shows, a line for each value, and of
 * each machine its files by their bytes, packages, units, addresses, rules and routes. Two of them differ in the lines that
 * somebody changed in between, so what a program leaves behind has nowhere to hide; a world that nobody touches gives the
 * same lines each time.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../control.ts";
import { type Call, connect, type Json, type Service } from "../engine/client.ts";
import { type LabConfig, labPaths } from "../state.ts";
import type { World } from "./record.ts";

const machineScript = readFileSync(join(import.meta.dirname, "machine_state.py"), "utf8");

/** What is asked of the account, all of it: also what is there and should not be. Some limits are texts in the API. */
const lists: [service: Service, action: string, limit: number | string, set: string, id: string][] = [
  ["vpc", "DescribeVpcs", "100", "VpcSet", "VpcId"],
  ["vpc", "DescribeSubnets", "100", "SubnetSet", "SubnetId"],
  ["vpc", "DescribeRouteTables", "100", "RouteTableSet", "RouteTableId"],
  ["vpc", "DescribeSecurityGroups", "100", "SecurityGroupSet", "SecurityGroupId"],
  ["vpc", "DescribeNetworkInterfaces", 100, "NetworkInterfaceSet", "NetworkInterfaceId"],
  ["vpc", "DescribeAddresses", 100, "AddressSet", "AddressId"],
  ["cvm", "DescribeInstances", 100, "InstanceSet", "InstanceId"],
  ["cvm", "DescribeKeyPairs", 100, "KeyPairSet", "KeyId"],
  ["cvm", "DescribeDisasterRecoverGroups", 100, "DisasterRecoverGroupSet", "DisasterRecoverGroupId"],
];

/** A record as lines: the path of each value, and the value. */
function flat(path: string, value: unknown): string[] {
  if (value === null || typeof value !== "object") return [`${path} ${JSON.stringify(value)}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${path} ${JSON.stringify(value)}`];
  return entries.flatMap(([key, item]) => flat(Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, item));
}

async function cloudLines(call: Call): Promise<string[]> {
  const records = async (service: Service, action: string, request: Json, set: string) =>
    (await call(service, action, request))[set] as Json[];
  const plain = lists.map(async ([service, action, Limit, set, id]) =>
    (await records(service, action, { Limit }, set)).flatMap((record) => flat(String(record[id]), record)),
  );
  const groups = async () => {
    const found = await records("vpc", "DescribeSecurityGroups", { Limit: "100" }, "SecurityGroupSet");
    const rules = found.map(async ({ SecurityGroupId }) => {
      const { SecurityGroupPolicySet } = await call("vpc", "DescribeSecurityGroupPolicies", { SecurityGroupId });
      return flat(`${SecurityGroupId} rules`, SecurityGroupPolicySet);
    });
    return (await Promise.all(rules)).flat();
  };
  const roles = async () => {
    const found = await records("cam", "DescribeRoleList", { Page: 1, Rp: 200 }, "List");
    const lines = found.map(async (role) => {
      const { RoleId } = role;
      const attached = await call("cam", "ListAttachedRolePolicies", { RoleId, Page: 1, Rp: 200 });
      return [...flat(`role ${role.RoleName}`, role), ...flat(`role ${role.RoleName} policies`, attached.List)];
    });
    return (await Promise.all(lines)).flat();
  };
  const policies = async () => {
    const found = await records("cam", "ListPolicies", { Page: 1, Rp: 200, Scope: "Local" }, "List");
    return found.flatMap((policy) => flat(`policy ${policy.PolicyName}`, policy));
  };
  return (await Promise.all([...plain, groups(), roles(), policies()])).flat();
}

/** @throws Error where a machine of the world is off */
export async function snapshot(config: LabConfig, { machines, bastion }: World): Promise<string[]> {
  const { control } = labPaths(config.name);
  const cloud = cloudLines(connect({ ...config, port: config.apiPort }));
  const ofMachines = [bastion, ...Object.values(machines)].map(async ({ name, instanceId }) => {
    const argv = ["python3", "-"];
    const text = await ask<string>(control, "exec", { instanceId, argv, input: machineScript });
    if (!text.endsWith("whole\n")) throw new Error(`${name} did not say what it is like; it said: ${text.slice(-500)}`);
    const lines = text.trimEnd().split("\n");
    return lines.map((line) => `${name} ${line}`);
  });
  return [...(await cloud).map((line) => `cloud ${line}`), ...(await Promise.all(ofMachines)).flat()].sort();
}

/** What became of a world, sorted by what the lines are about: `- ` was there before, `+ ` is there now. */
export function differences(before: string[], after: string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)];
  const lines = [
    ...before.filter((line) => !now.has(line)).map((line) => ({ sign: "-", line })),
    ...after.filter((line) => !old.has(line)).map((line) => ({ sign: "+", line })),
  ];
  return lines.sort((a, b) => (a.line < b.line ? -1 : 1)).map(({ sign, line }) => `${sign} ${line}`);
}
