/** Whether machines that were there before can be the pair's nodes, and where the pair goes then: pure. */
import { type NodeName, nodeNames, peerOf } from "../../render/model.ts";
import type { NetworkFacts, PlaceSettings } from "./facts.ts";
import type { Problem } from "./refusal.ts";

/** As the user says it. */
export interface MachineSettings {
  instanceIds: Record<NodeName, string>;
  /** Name of the role that both are said to have; undefined where the nodes use a key. */
  nodeRole?: string | undefined;
}

/** A machine as the cloud shows it. */
export interface MachineFact {
  instanceId: string;
  status: string;
  zone: string;
  vpcId: string;
  /** Of its primary NIC. */
  subnetId: string;
  /** Name of its CAM role, empty without one. */
  role: string;
  publicIp: string | null;
  privateIp: string;
  /** Names of its NICs, the primary one among them. */
  nics: string[];
  mostNics: number;
}

export interface MachineFacts {
  /** Null: not there. */
  machines: Record<NodeName, MachineFact | null>;
  /** Id of nodeRole. Null: asked for, and not there; undefined: not asked for. */
  roleId: string | null | undefined;
}

/** Both machines, once they are known to do. */
export interface ExistingMachines {
  machines: Record<NodeName, { instanceId: string; publicIp: string | null; sshHost: string }>;
  /** Id of the role that both have, undefined where the nodes use a key. */
  roleId: string | undefined;
}

/** Without a network named, the pair goes where the machines are: into the subnet of their own NICs. */
export function placeFor<T extends PlaceSettings>(wanted: T, { machines }: MachineFacts): T {
  const machine = machines.a ?? machines.b;
  if (!machine || wanted.subnetId !== undefined) return wanted;
  if (wanted.vpcId === undefined) return { ...wanted, subnetId: machine.subnetId };
  // In a subnet of the pair's own.
  return { ...wanted, zone: wanted.zone ?? machine.zone };
}

/** Everything that is wrong with the machines, in the order of the keys. `wanted` is what the user says of the place. */
export function machineProblems(
  wanted: MachineSettings & PlaceSettings,
  pair: string,
  { machines, roleId }: MachineFacts,
  { subnet, vpc }: NetworkFacts,
): Problem[] {
  const { nodeRole } = wanted;
  const problems = nodeNames.flatMap((node) => problemsOfOne(node, wanted.instanceIds[node], machines[node], pair));
  const report = (key: string, text: string) => void problems.push({ key, text });
  const { a, b } = machines;
  const both = (field: "vpcId" | "zone" | "subnetId") =>
    `"${a?.instanceId}" is in ${a?.[field]} and "${b?.instanceId}" in ${b?.[field]}`;
  if (a && b && a.vpcId !== b.vpcId) report("instanceIds", `${both("vpcId")}; allowed: machines of one VPC`);
  else if (a && b && a.zone !== b.zone) {
    report("instanceIds", `${both("zone")}; allowed: machines of one zone, for the VIP moves within one subnet`);
  } else if (a && b && a.subnetId !== b.subnetId && wanted.vpcId === undefined && wanted.subnetId === undefined) {
    report("subnetId", `is missing: ${both("subnetId")}; allowed: one of the two, or another subnet of their zone`);
  }
  const apart = a !== null && b !== null && (a.vpcId !== b.vpcId || a.zone !== b.zone);
  const place = subnet ?? (vpc && { id: vpc.id, vpcId: vpc.id, zone: wanted.zone });
  for (const node of nodeNames) {
    const machine = machines[node];
    if (!machine || !place || apart) continue;
    if (machine.vpcId === place.vpcId && (place.zone === undefined || machine.zone === place.zone)) continue;
    const where = [place.vpcId, place.zone].filter(Boolean).join(", ");
    const text = `"${machine.instanceId}" is in ${machine.vpcId}, ${machine.zone}`;
    report(`instanceIds.${node}`, `${text}; allowed: a machine where the pair is to be (${where})`);
  }
  if (nodeRole === undefined) return problems;
  if (roleId === null) {
    report(
      "nodeRole",
      `no role of the account is called "${nodeRole}"; allowed: the name of the role of both machines`,
    );
  }
  for (const machine of Object.values(machines)) {
    if (!machine || machine.role === nodeRole) continue;
    const has = machine.role === "" ? "no role" : `the role "${machine.role}"`;
    report(
      "nodeRole",
      `"${machine.instanceId}" has ${has}, not "${nodeRole}"; allowed: the role of both machines. Bind it in the console ` +
        "(CVM, More, Bind/Modify a role), or use a key instead: pulumi config set nodeCredentials key",
    );
  }
  return problems;
}

function problemsOfOne(node: NodeName, id: string, machine: MachineFact | null, pair: string): Problem[] {
  const refused = (text: string): Problem[] => [{ key: `instanceIds.${node}`, text }];
  if (!machine) {
    return refused(`no machine of the region has the id "${id}"; allowed: the id of a CVM of this account, ins-…`);
  }
  if (machine.status !== "RUNNING") {
    return refused(`"${id}" is ${machine.status}; allowed: a machine that runs. Start it, or name another one`);
  }
  if (machine.nics.includes(`${pair}-${peerOf(node)}`)) {
    return refused(`"${id}" is node ${peerOf(node)} of this pair; allowed: a machine that is not in use by it`);
  }
  // In a running stack the pair's own is there already.
  const others = machine.nics.filter((name) => name !== `${pair}-${node}`).length;
  if (others < machine.mostNics) return [];
  return refused(
    `"${id}" has ${others} NICs, and its type takes no more than ${machine.mostNics}; allowed: a machine with room for one more`,
  );
}

/** @throws Error when there is a problem left: ask machineProblems first. */
export function existingOf({ machines, roleId }: MachineFacts): ExistingMachines {
  const known = (node: NodeName) => {
    const machine = machines[node];
    if (!machine) throw new Error(`node ${node} has no machine`);
    const { instanceId, publicIp, privateIp } = machine;
    return { instanceId, publicIp, sshHost: publicIp ?? privateIp };
  };
  return { machines: { a: known("a"), b: known("b") }, roleId: roleId ?? undefined };
}
