/** The names of actions that a policy may have. actionNames.json has all of the services that exist here, from the vendor's SDK. */
import names from "./actionNames.json" with { type: "json" };

const namesOf = (service: keyof typeof names) => names[service].flatMap((line) => line.split(" "));

const known = new Map<string, string[]>(
  (Object.keys(names) as (keyof typeof names)[]).map((service) => [service, namesOf(service)]),
);
// Asked for beside a call: a machine gets a role, something is billed.
known.set("cam", [...namesOf("cam"), "PassRole"]);
known.set("finance", ["trade"]);
// EIPs, security groups and disks were cvm's for years, and CAM still knows them by its name.
known.set("cvm", [...namesOf("cvm"), ...namesOf("vpc"), ...namesOf("cbs")]);

/** What CAM says of `vpc:Describe*` when it knows no such action; null when it does. */
export function unknownAction(pattern: string): "ActionServiceNotExist" | "ActionNotExist" | null {
  if (pattern === "*") return null;
  const [service = "", action = ""] = pattern.replace(/^name\//, "").split(":");
  const actions = known.get(service);
  if (!actions) return "ActionServiceNotExist";
  const start = action.endsWith("*") ? action.slice(0, -1) : null;
  const exists = start === null ? actions.includes(action) : actions.some((name) => name.startsWith(start));
  return exists ? null : "ActionNotExist";
}
