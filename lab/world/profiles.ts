/** How a user tells the program of a world: the settings of each profile, as the lab applies them and as a user types them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withPath } from "../../config/path.ts";
import { word } from "../../terminal/shell.ts";
import { labCommand } from "../../terminal/typed.ts";
import { labPaths } from "../state.ts";
import { bastionKeyFile, readWorld, type World } from "./record.ts";

/** Value of one path of the configuration; a key is read from its file each time, so that it is stored nowhere else. */
type Value = { value: string } | { secretFile: string };
type Lines = [path: string, value: Value][];

const profiles: Record<string, { about: string; lines(lab: string, world: World): Lines }> = {
  existing: {
    about: "a new pair in the user's network, with the user's group and EIP",
    lines: (lab, world) => [
      ...network(world),
      ["securityGroupIds[0]", text(world.securityGroupId)],
      ["publicIpId", text(world.publicIpId)],
      ["sshCidrs[0]", text("198.18.0.0/15")],
      ...newMachines(lab, world),
      ...service,
    ],
  },
  private: {
    about: "the same, and no node has a public address: SSH goes through the bastion",
    lines: (lab, world) => [
      ...network(world),
      ["nodePublicIp", text("false")],
      ["sshCidrs[0]", text(`${world.bastion.address}/32`)],
      ...bastion(lab, world),
      ...newMachines(lab, world),
      ...service,
    ],
  },
  machines: {
    about: "the user's own two machines become the pair",
    lines: (lab, world) => [
      ["instanceIds.a", text(world.machines.a.instanceId)],
      ["instanceIds.b", text(world.machines.b.instanceId)],
      ["nodeRole", text(world.roleName)],
      ...network(world),
      ...bastion(lab, world),
      ["sshPrivateKey", { secretFile: labPaths(lab).sshKey }],
      ...service,
    ],
  },
};

const text = (value: string): Value => ({ value });

const network = (world: World): Lines => [
  ["vpcId", text(world.vpcId)],
  ["subnetId", text(world.subnetId)],
  ["vip", text(world.vip)],
];

const bastion = (lab: string, world: World): Lines => [
  ["bastion.host", text(world.bastion.publicIp)],
  ["bastion.user", text("root")],
  ["bastion.privateKey", { secretFile: bastionKeyFile(lab) }],
];

const newMachines = (lab: string, world: World): Lines => [
  ["keyPairId", text(world.keyPairId)],
  ["sshPrivateKey", { secretFile: labPaths(lab).sshKey }],
  ["userDataFile", text(join(import.meta.dirname, "..", "user-data.sh"))],
];

const service: Lines = [
  ["servicePorts[0]", text("80")],
  ["serviceCidrs[0]", text("0.0.0.0/0")],
];

function linesOf(lab: string, world: World, profile: string): Lines {
  const found = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (!found) throw new Error(`--profile is "${profile}"; allowed are ${Object.keys(profiles).join(", ")}.`);
  return found.lines(lab, world);
}

/** A profile's settings, as Pulumi keeps them. */
export function profileSettings(lab: string, profile: string): Record<string, string> {
  const world = readWorld(lab);
  if (!world)
    throw new Error(`There is no world for a profile to be built into; make one with "${labCommand("world")}".`);
  return linesOf(lab, world, profile).reduce<Record<string, string>>(
    (settings, [path, from]) =>
      withPath(settings, path, "value" in from ? from.value : readFileSync(from.secretFile, "utf8")),
    {},
  );
}

/** Every profile, as lines to paste into a shell. */
export function profileHelp(lab: string, world: World): string {
  const line = ([path, from]: Lines[number]) => {
    const options = /[.[]/.test(path) ? "--path " : "";
    return "value" in from
      ? `pulumi config set ${options}'${path}' ${from.value}`
      : `pulumi config set ${options}--secret '${path}' < ${word(from.secretFile)}`;
  };
  return Object.entries(profiles)
    .map(([name, { about, lines }]) => [`# ${name}: ${about}`, ...lines(lab, world).map(line)].join("\n"))
    .join("\n\n");
}
