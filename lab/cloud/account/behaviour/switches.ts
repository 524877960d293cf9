/**
 * What no document says of the cloud, as switches: one for each open point, with both answers possible.
 * `npm run probe-cloud` asks the real cloud and writes its answers in this form; `npm run lab -- up --behaviour FILE` plays them.
 */

/** An error code, or `accepted`: the call is carried out. */
export type Outcome = "accepted" | (string & {});

export interface Behaviour {
  /** Moving an address from an ENI that doesn't have it: the error code. */
  wrongSourceCode: string;
  /** ... while the destination has it; null = as for any wrong source. `accepted` does nothing and succeeds. */
  alreadyThereCode: Outcome | null;
  /** Source and destination are the same ENI, which has the address; null = as for any wrong source. */
  sameEniCode: Outcome | null;
  /** Where an address is listed while it moves. */
  migratingListedOn: "source" | "destination" | "both" | "neither";
  /** How long a move takes; null = as the cloud's own `Delays` say. */
  migrateMs: number | null;
  /** ... within ten seconds of the address's last one; null = as any other. */
  migrateBackMs: number | null;
  /** How old it is what DescribeNetworkInterfaces shows of addresses: where they are, their state, their EIP. */
  staleReadMs: number;
  /** Moving an address from an ENI that is attached to nothing. */
  unattachedSource: Outcome;
  /** ... from the ENI of a stopped machine that is charged on. */
  stoppedSource: Outcome;
  /** ... from the ENI of a machine that was stopped with STOP_CHARGING. */
  stopChargingSource: Outcome;
  /** AttachNetworkInterface on an ENI to or from which an address is moving. */
  attachWhileMigrating: Outcome;
  /** DetachNetworkInterface on such an ENI. */
  detachWhileMigrating: Outcome;
  /** How long a new task's id is unknown to DescribeVpcTaskResult. */
  taskUnknownMs: number;
  /** How long an id is known after the end of its task; null = for ever. */
  taskKnownMs: number | null;
  /** A moved address loses its EIP: `true` leaves the EIP bound to the old ENI, `"unbound"` leaves it UNBIND. */
  eipLeftBehind: boolean | "unbound";
  /** How long after the address the EIP follows. */
  eipFollowMs: number;
  /** How a policy has to name ENIs: the account may be left out, it may not, or only `*` will do. */
  camEniResource: "short" | "uin" | "*";
  /** Under which service's name CAM knows the EIP actions. */
  camEipAction: "vpc" | "cvm" | "either";
  /** In which service's name an EIP is a resource; `*` = its calls know no resource. */
  camEipResource: "vpc" | "cvm" | "either" | "*";
  /** Whether binding an EIP to an address asks for permission on the ENI as well. */
  camEipNeedsEni: boolean;
  /** What DescribeNetworkInterfaces says of an unknown id. The provider survives only `empty`. */
  unknownEni: "error" | "empty";
  /** Terminating a CVM takes its attached ENIs with it. By default they stay, as the API's text says. */
  enisGoWithInstance: boolean;
  /** Asking for an address that another ENI has: the error code. */
  occupiedCode: string;
  /** Assigning an address that was reserved in the VPC. */
  reservedAssign: Outcome;
  /** UnassignPrivateIpAddresses with an empty list; `all` takes every secondary address. */
  unassignNothing: Outcome;
  /** What DescribeInstances lists as a machine's addresses. */
  instanceAddresses: "primary-only" | "primary-nic" | "unordered" | "all-nics";
  /** Ipv6CidrBlock of a security group's IPv4 rule. */
  ruleIpv6Cidr: "" | null;
  /** How a rule's port for all ports comes back. */
  rulePortAll: "ALL" | "all" | "as-sent";
  /** Tagging a CAM policy by a resource name that has a region in it; `ignored` = it succeeds without effect. */
  camTagRegion: Outcome;
  /** Importing a public key that is in the account already. */
  publicKeyTwice: Outcome;
  /** Importing an Ed25519 key: the API's text speaks of RSA keys only. */
  ed25519Key: Outcome;
}

export const usualBehaviour: Readonly<Behaviour> = {
  wrongSourceCode: "UnauthorizedOperation.AttachmentNotFound",
  alreadyThereCode: null,
  sameEniCode: null,
  migratingListedOn: "source",
  migrateMs: null,
  migrateBackMs: null,
  staleReadMs: 0,
  unattachedSource: "accepted",
  stoppedSource: "accepted",
  stopChargingSource: "accepted",
  attachWhileMigrating: "UnsupportedOperation.InvalidState",
  detachWhileMigrating: "UnsupportedOperation.InvalidState",
  taskUnknownMs: 0,
  taskKnownMs: null,
  eipLeftBehind: false,
  eipFollowMs: 0,
  camEniResource: "short",
  camEipAction: "vpc",
  camEipResource: "vpc",
  camEipNeedsEni: false,
  unknownEni: "error",
  enisGoWithInstance: false,
  occupiedCode: "ResourceInUse",
  reservedAssign: "InvalidParameterValue.Reserved",
  unassignNothing: "MissingParameter",
  instanceAddresses: "primary-nic",
  ruleIpv6Cidr: "",
  rulePortAll: "ALL",
  camTagRegion: "accepted",
  publicKeyTwice: "InvalidPublicKey.Duplicate",
  ed25519Key: "accepted",
};

/** Whether a switch stands as it does unless somebody sets it. */
export const isUsual = (name: string, value: unknown): boolean =>
  (usualBehaviour as unknown as Record<string, unknown>)[name] === value;

type Check = (value: unknown) => boolean;

const code: Check = (value) => typeof value === "string" && /^[A-Z][A-Za-z0-9]+(\.[A-Z][A-Za-z0-9]+)*$/.test(value);
const among =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);
const either =
  (...checks: Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const outcome = either(code, among("accepted"));
const milliseconds: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** What each switch may be. */
const checks: Record<keyof Behaviour, Check> = {
  wrongSourceCode: code,
  alreadyThereCode: either(outcome, among(null)),
  sameEniCode: either(outcome, among(null)),
  migratingListedOn: among("source", "destination", "both", "neither"),
  migrateMs: either(milliseconds, among(null)),
  migrateBackMs: either(milliseconds, among(null)),
  staleReadMs: milliseconds,
  unattachedSource: outcome,
  stoppedSource: outcome,
  stopChargingSource: outcome,
  attachWhileMigrating: outcome,
  detachWhileMigrating: outcome,
  taskUnknownMs: milliseconds,
  taskKnownMs: either(milliseconds, among(null)),
  eipLeftBehind: among(true, false, "unbound"),
  eipFollowMs: milliseconds,
  camEniResource: among("short", "uin", "*"),
  camEipAction: among("vpc", "cvm", "either"),
  camEipResource: among("vpc", "cvm", "either", "*"),
  camEipNeedsEni: among(true, false),
  unknownEni: among("error", "empty"),
  enisGoWithInstance: among(true, false),
  occupiedCode: code,
  reservedAssign: outcome,
  unassignNothing: either(outcome, among("all")),
  instanceAddresses: among("primary-only", "primary-nic", "unordered", "all-nics"),
  ruleIpv6Cidr: among("", null),
  rulePortAll: among("ALL", "all", "as-sent"),
  camTagRegion: either(outcome, among("ignored")),
  publicKeyTwice: outcome,
  ed25519Key: outcome,
};

/** Whether the local cloud can play this answer. */
export const isPlayable = (name: keyof Behaviour, value: unknown): boolean => checks[name](value);

export const behaviourNames = Object.keys(checks) as (keyof Behaviour)[];

/**
 * Reads switches from a parsed JSON file: the probe's answers (their `behaviour`), or the switches alone.
 * @throws Error that names every switch that doesn't exist or can't have its value.
 */
export function readBehaviour(document: unknown): Partial<Behaviour> {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(document)) throw new Error("a file of behaviour switches holds a JSON object");
  const switches = "behaviour" in document ? document.behaviour : document;
  if (!isObject(switches)) throw new Error('"behaviour" must be a JSON object');
  const problems = Object.entries(switches).flatMap(([name, value]) => {
    if (!Object.hasOwn(checks, name)) return `there is no switch "${name}"`;
    return isPlayable(name as keyof Behaviour, value) ? [] : `${name} can't be ${JSON.stringify(value)}`;
  });
  if (problems.length > 0) throw new Error(`${problems.join("; ")}. Switches: ${behaviourNames.join(", ")}`);
  return switches;
}
