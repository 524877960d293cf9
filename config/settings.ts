/** Reads a stack's settings: every default filled in, every problem reported at once. What keys there are: schema.ts. */
import * as pulumi from "@pulumi/pulumi";
import type { Bastion, HealthCheck, HookScript, NodeName } from "../render/model.ts";
import { shown } from "../render/shown.ts";
import { bastionOf, publicCidrOf } from "./bastion.ts";
import { type Addresses, checkAccess, checkNetwork, doubts, type Problem } from "./checks.ts";
import { secondsOf } from "./fields.ts";
import { readHooks, readUserData } from "./files.ts";
import { checkLogin } from "./login.ts";
import { checkMachines, namesMachines } from "./machines.ts";
import { advertIntervalsMs, type Key, metaOf, schema, type Values } from "./schema.ts";
import { checkNotify, healthCheckOf, hrefOf } from "./service.ts";
import { decode, nearest, pathText, valueAt } from "./values.ts";

/** Settings with every default filled in and every check passed. */
export interface Settings
  extends Omit<
    Values,
    | "preemptDelay"
    | "failoverSpeed"
    | "keepConnections"
    | "vip"
    | "sshUser"
    | "userDataFile"
    | "apiEndpoints"
    | "healthCheck"
    | "hooksDir"
    | "notifyUrl"
    | "notifySecret"
    | "instanceIds"
    | "bastion"
  > {
  region: string;
  preemptDelayS: number;
  advertIntervalMs: number;
  keepConnectionsS: number | null;
  vip: string;
  sshUser: string;
  bastion: Bastion | null;
  /** Text of userDataFile, undefined without one. */
  userData: string | undefined;
  vpcEndpoints: string[];
  healthCheck: HealthCheck | null;
  hooks: HookScript[];
  notifyUrl: string | null;
  notifySecret: string | null;
  /** Machines that were there before, undefined where the stack makes its own. */
  instanceIds: Record<NodeName, string> | undefined;
}

/** Bad settings: the message lists every problem, one line each. RunError, so that Pulumi prints it without a stack. */
export class SettingsError extends pulumi.RunError {
  readonly problems: string[];
  constructor(problems: string[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(
      `The configuration has ${count}; nothing was changed.\n${problems.map((text) => `  ${text}`).join("\n")}\n` +
        "Change a key with: pulumi config set <key> <value>",
    );
    this.problems = problems;
  }
}

export interface ParseOptions {
  /** Keys that the user keeps secret: never shown. Undefined where nobody could tell, as on a command line. */
  secretKeys?: string[];
  /** Reads userDataFile; throws when it can't. */
  readText?: (file: string) => string;
}

/**
 * Settings from Pulumi's own form: keys of the project without a namespace, those of others with it
 * (`tencentcloud:region`), values as text, lists and objects as JSON.
 * @throws SettingsError with every problem there is.
 */
export function parseSettings(raw: Record<string, string>, options: ParseOptions = {}): Settings {
  const problems: Problem[] = [];
  const report = (name: string, text: string) => void problems.push({ key: name, text });
  const own = Object.keys(raw).filter((name) => !name.includes(":"));
  const known = Object.keys(schema) as Key[];
  for (const name of own.filter((name) => !(known as string[]).includes(name))) {
    const guess = nearest(name, known);
    report(
      pathText([name]),
      `is not a key of this project; ${guess ? `did you mean ${guess}?` : `allowed: ${known.join(", ")}`}`,
    );
  }

  const values: Partial<Values> = {};
  for (const name of known) Object.assign(values, { [name]: readKey(name, raw[name] ?? "", options, report) });
  const region = readRegion(raw["tencentcloud:region"] ?? "", values.zone, report);
  const instanceIds = checkMachines(raw, values, report);
  const existing = namesMachines(raw);
  if (values.zone === undefined && !raw.zone && !raw.subnetId && !existing) {
    report("zone", "is missing; allowed: a zone of the region, for example ap-guangzhou-3, or an existing subnetId");
  }
  const addresses = checkNetwork({ ...values, onExistingMachines: existing }, report);
  // Existing machines are reached as they were before: the pair opens nothing for that.
  checkAccess({ ...values, ...(existing && { nodePublicIp: false }) }, publicCidrOf(values.bastion), report);
  checkLogin({ ...values, onExistingMachines: existing }, (name) => Boolean(raw[name]), report);
  const userData = readUserData(values.userDataFile, options.readText, report);
  const hooks = readHooks(values.hooksDir, report);
  checkNotify(values.notifyFormat, (name) => Boolean(raw[name]), report);
  // Pulumi.yaml can't insist on it: a key that is secret there can have no default, and so would be required.
  for (const name of known) {
    const { secret, secretPart } = metaOf(name);
    const path = secretPart === undefined ? [] : [secretPart];
    if ((!secret && !secretPart) || valueAt(values[name], path) === undefined) continue;
    if (options.secretKeys?.includes(name) !== false) continue;
    const at = pathText([name, ...path]);
    report(
      at,
      `is in clear in the stack's settings; allowed: pulumi config set --secret ${secretPart ? "--path " : ""}${at} …`,
    );
  }
  if (problems.length > 0 || addresses === null) throw new SettingsError(problems.map((p) => `${p.key}: ${p.text}`));
  const secretCheck = options.secretKeys?.includes("healthCheck") === true;
  return { ...complete(values as Values, region, addresses, userData, hooks, secretCheck), instanceIds };
}

type Report = (name: string, text: string) => void;

function readKey(name: Key, text: string, options: ParseOptions, report: Report): unknown {
  const meta = metaOf(name);
  const value = decode(meta.type, text);
  const result = schema[name].safeParse(value);
  if (result.success) return result.data;
  const hidden = meta.secret === true || meta.secretPart !== undefined || options.secretKeys?.includes(name) === true;
  const seen = new Set<string>();
  const say = (path: PropertyKey[], allowed: string): void => {
    const at = pathText([name, ...path]);
    if (seen.has(at)) return;
    seen.add(at);
    const came = valueAt(value, path);
    const what =
      came === undefined ? "is missing" : hidden ? "(not shown) is not allowed" : `${shown(came)} is not allowed`;
    report(at, `${what}; allowed: ${allowed}`);
  };
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys") for (const other of issue.keys) say([...issue.path, other], meta.allowed);
    else say(issue.path, issue.code === "custom" ? issue.message : meta.allowed);
  }
  return undefined;
}

function readRegion(region: string, zone: string | undefined, report: Report): string {
  const allowed = "a region such as ap-guangzhou";
  if (region === "") report("tencentcloud:region", `is missing; allowed: ${allowed}`);
  else if (!/^[a-z]+(-[a-z0-9]+)+$/.test(region))
    report("tencentcloud:region", `${shown(region)} is not allowed; allowed: ${allowed}`);
  else if (zone !== undefined && !zone.startsWith(`${region}-`)) {
    report("zone", `${shown(zone)} is not in the region; allowed: a zone of ${region}, for example ${region}-3`);
  }
  return region;
}

/**
 * The node tries these in turn. Without a public address only the internal name is reachable, with one the public name is
 * the documented one; the other is the fallback, for a VPC with a NAT gateway or without a way out.
 */
function defaultEndpoints(nodePublicIp: boolean): string[] {
  const both = ["vpc.tencentcloudapi.com", "vpc.internal.tencentcloudapi.com"];
  return nodePublicIp ? both : both.reverse();
}

function complete(
  values: Values,
  region: string,
  addresses: Addresses,
  userData: string | undefined,
  hooks: HookScript[],
  secretCheck: boolean,
): Omit<Settings, "instanceIds"> {
  const {
    preemptDelay,
    failoverSpeed,
    keepConnections,
    sshUser,
    userDataFile: _,
    apiEndpoints,
    hooksDir: __,
    instanceIds: ___,
    ...rest
  } = values;
  const bastionCidr = publicCidrOf(values.bastion);
  return {
    ...rest,
    ...addresses,
    region,
    preemptDelayS: preemptDelay,
    advertIntervalMs: advertIntervalsMs[failoverSpeed],
    keepConnectionsS: keepConnections === "off" ? null : secondsOf(keepConnections),
    // Tencent Cloud's Ubuntu images have the user ubuntu, all others log in as root.
    sshUser: sshUser ?? (values.imageId === undefined && /ubuntu/i.test(values.imageName) ? "ubuntu" : "root"),
    bastion: bastionOf(values.bastion),
    // Without public addresses one logs in from inside the VPC, else from the bastion's own public address.
    sshCidrs: values.sshCidrs.length === 0 && values.nodePublicIp && bastionCidr ? [bastionCidr] : values.sshCidrs,
    userData,
    vpcEndpoints: apiEndpoints.length > 0 ? apiEndpoints : defaultEndpoints(values.nodePublicIp),
    healthCheck: healthCheckOf(values.healthCheck, secretCheck),
    hooks,
    notifyUrl: values.notifyUrl === undefined ? null : hrefOf(values.notifyUrl),
    notifySecret: values.notifySecret ?? null,
  };
}

/**
 * The running stack's settings, and a warning for each of the doubts. The whole configuration is read, so that a mistyped key
 * is found as well.
 */
export function readSettings(): Settings {
  const prefix = `${pulumi.getProject()}:`;
  const all = Object.entries(pulumi.runtime.allConfig());
  const own = all
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value]);
  const region = new pulumi.Config("tencentcloud").get("region") ?? process.env.TENCENTCLOUD_REGION ?? "";
  // Which values are secret reaches the program only by this variable; the SDK's own reader of it is not public.
  const secrets = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]") as string[];
  const secretKeys = secrets.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const settings = parseSettings({ ...Object.fromEntries(own), "tencentcloud:region": region }, { secretKeys });
  for (const text of doubts(settings)) void pulumi.log.warn(text);
  return settings;
}
