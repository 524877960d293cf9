/** What a stack says of machines that were there before it. */
import { isDeepStrictEqual } from "node:util";
import { type NodeName, nodeNames } from "../render/model.ts";
import { type Key, metaOf, schema, type Values } from "./schema.ts";
import { decode } from "./values.ts";

/** Keys of the machines that a stack makes: an existing one has all that already, and is left as it is. */
const ofNewMachines: Key[] = [
  "instanceType",
  "imageName",
  "imageId",
  "systemDiskType",
  "systemDiskSizeGb",
  "userDataFile",
  "sshPublicKey",
  "keyPairId",
  "nodePublicIp",
];

/** Whether the user has said something: the engine hands over the defaults of Pulumi.yaml as if they were set. */
function isSet(raw: Record<string, string>, name: Key): boolean {
  const value = decode(metaOf(name).type, raw[name] ?? "");
  const untouched = schema[name].safeParse(undefined);
  return value !== undefined && !(untouched.success && isDeepStrictEqual(untouched.data, value));
}

/** Whether the nodes are machines that were there before; also where it is said wrongly. */
export const namesMachines = (raw: Record<string, string>): boolean => isSet(raw, "instanceIds");

/** The rules of machines that were there before, and of how they call the cloud. Gives both ids, undefined without any. */
export function checkMachines(
  raw: Record<string, string>,
  { instanceIds, nodeRole, nodeCredentials }: Partial<Values>,
  report: (key: string, text: string) => void,
): Record<NodeName, string> | undefined {
  const { a, b } = instanceIds ?? {};
  if (!namesMachines(raw)) {
    for (const name of ["nodeRole", "nodeCredentials"] as const) {
      if (isSet(raw, name))
        report(name, "is for machines that are there already; allowed: with instanceIds.a and .b only");
    }
    return undefined;
  }
  for (const name of ofNewMachines.filter((key) => isSet(raw, key))) {
    report(name, "is about new machines, and instanceIds names two that are there already; allowed: one of the two");
  }
  if (!isSet(raw, "nodeRole") && !isSet(raw, "nodeCredentials")) {
    report(
      "nodeRole",
      "is missing: the nodes move the VIP by calls of the cloud's API; allowed: the name of the CAM role that both machines " +
        'have, or nodeCredentials "key" for a key of the stack\'s own',
    );
  }
  if (nodeRole !== undefined && nodeCredentials !== undefined) {
    report("nodeCredentials", "came together with nodeRole; allowed: one of the two");
  }
  for (const node of nodeNames.filter((name) => instanceIds && instanceIds[name] === undefined)) {
    report(`instanceIds.${node}`, "is missing; allowed: the ids of two CVMs, as instanceIds.a and instanceIds.b");
  }
  if (a !== undefined && a === b) report("instanceIds.b", `"${b}" is node a already; allowed: two machines`);
  return a !== undefined && b !== undefined ? { a, b } : undefined;
}
