/** What the cloud tells of machines that were there before the pair. The edge: it asks; machineRules.ts decides. */
import type * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import type { NodeName } from "../../render/model.ts";
import type { MachineFact, MachineFacts, MachineSettings } from "./machineRules.ts";

type Options = pulumi.InvokeOptions | undefined;

/** Looks at both machines, their NICs, and their role. */
export async function lookUpMachines(
  { instanceIds, nodeRole }: MachineSettings,
  options?: pulumi.InvokeOptions,
): Promise<MachineFacts> {
  const look = (node: NodeName) => findMachine(instanceIds[node], options);
  const role = nodeRole === undefined ? undefined : findRole(nodeRole, options);
  const [a, b, roleId] = await Promise.all([look("a"), look("b"), role]);
  return { machines: { a, b }, roleId };
}

async function findMachine(instanceId: string, options: Options): Promise<MachineFact | null> {
  const { instanceLists } = await tencentcloud.getInstances({ instanceId }, options);
  const seen = instanceLists.find((machine) => machine.instanceId === instanceId);
  if (!seen) return null;
  const [{ enis }, { eniQuantity }] = await Promise.all([
    tencentcloud.getEnis({ instanceId }, options),
    tencentcloud.getVpcNetworkInterfaceLimit({ instanceId }, options),
  ]);
  return {
    instanceId,
    status: seen.status ?? "",
    zone: seen.availabilityZone ?? "",
    vpcId: seen.vpcId ?? "",
    subnetId: seen.subnetId ?? "",
    role: seen.camRoleName ?? "",
    publicIp: seen.publicIp || null,
    privateIp: seen.privateIp ?? "",
    nics: enis.map(({ name }) => name ?? ""),
    mostNics: eniQuantity,
  };
}

/** The filter of the data source is exact; an account has each name once. */
async function findRole(name: string, options: Options): Promise<string | null> {
  const { roleLists } = await tencentcloud.getCamRoles({ name }, options);
  return roleLists.find((role) => role.name === name)?.roleId ?? null;
}
