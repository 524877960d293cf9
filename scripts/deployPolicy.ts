/**
 * npm run deploy-policy [-- --explain [PROFILE]]
 * Writes what the account that runs `pulumi up` has to be allowed, as CAM policies that name each action:
 * docs/deploy-policy.json for whatever the settings are, and docs/deploy-policy/ with one for each way into what exists
 * (docs/existing.md). They are generated from the recorded traffic of the provider and from the data sources that the
 * program asks.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { table } from "../terminal/table.ts";

const root = join(import.meta.dirname, "..");
export const policyFile = join(root, "docs", "deploy-policy.json");

/** Ways into what exists, by the recorded lives of test/engine/full/profiles.test.ts. */
export const profiles = ["existing", "private", "machines", "machines-key"] as const;
export type Profile = (typeof profiles)[number];

export const profileFile = (profile: Profile): string => join(root, "docs", "deploy-policy", `${profile}.json`);

/** Recorded, and no deed of the program's: what it was built into was made by the same account. */
const worldTrace = "profiles-01-world.jsonl";

/** Recorded to know the provider's data sources; the program asks only some of them. */
const dataSourceTrace = "x11-data-sources.jsonl";

const tags = "tag:DescribeResourceTagsByResourceIds";

/** The calls of each data source, as recorded there. */
const dataSources: Record<string, string[]> = {
  AvailabilityZonesByProduct: ["api:DescribeZones"],
  Eips: ["vpc:DescribeAddresses", tags],
  CamRoles: ["cam:DescribeRoleList"],
  Enis: ["vpc:DescribeNetworkInterfaces"],
  Images: ["cvm:DescribeImages"],
  Instances: ["cvm:DescribeInstances"],
  InstanceTypes: ["cvm:DescribeZoneInstanceConfigInfos"],
  KeyPairs: ["cvm:DescribeKeyPairs"],
  SecurityGroups: [
    "vpc:DescribeSecurityGroups",
    "vpc:DescribeSecurityGroupAssociationStatistics",
    "vpc:DescribeSecurityGroupPolicies",
    tags,
  ],
  UserInfo: ["cam:GetUserAppId", "cam:DescribeSubAccounts"],
  VpcInstances: ["vpc:DescribeVpcs", "vpc:DescribeSubnets"],
  VpcNetworkInterfaceLimit: ["vpc:DescribeNetworkInterfaceLimit"],
  VpcSubnets: ["vpc:DescribeSubnets", tags],
  VpcUsedIpAddress: ["vpc:DescribeUsedIpAddress"],
};

/** As the provider's source has them, and was seen to call them: those of a user, of its key and of its policy. */
const ofNodeKey = ["AddUser", "GetUser", "UpdateUser", "DeleteUser"].concat(
  ["CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey"],
  ["AttachUserPolicy", "ListAttachedUserPolicies", "DetachUserPolicy"],
);

/** No calls: the cloud asks for them besides. */
const forNewMachines = {
  "cam:PassRole": "no call, but asked for when a sub-account gives a machine its role",
  "finance:trade": "no call, but asked for when a sub-account makes what is billed",
};

/** What no recording shows. */
const unrecorded: Record<string, string> = {
  ...Object.fromEntries(ofNodeKey.map((action) => [`cam:${action}`, "nodeCredentials key"])),
  "vpc:ModifyAddressesBandwidth": "publicIpBandwidthMbps changed on a running stack",
  ...forNewMachines,
};

/** What no profile's recorded life shows. */
const unrecordedOf: Record<Profile, Record<string, string>> = {
  existing: forNewMachines,
  private: forNewMachines,
  machines: {},
  "machines-key": Object.fromEntries(ofNodeKey.map((action) => [`cam:${action}`, "the key's whole life"])),
};

/**
 * CAM knows some calls under cvm's name although the API is another's: EIPs and security groups of vpc, disks of cbs. Its
 * pages name them both ways (https://cloud.tencent.com/document/product/598/69910 and .../98194), so the policy does too.
 */
const alsoCvm =
  /^(cbs:\w+|vpc:(\w*SecurityGroup\w*|(Allocate|Describe|Release|Modify)Addresses(Bandwidth)?|(Dis)?[Aa]ssociateAddress|DescribeTaskResult))$/;

interface Recorded {
  caller: string;
  service: string;
  action: string;
}

/** The profile of a recorded step. */
export const profileOf = (step: string): string | undefined =>
  /^profiles-\d+-(existing|private|machines-key|machines)-/.exec(step)?.[1];

/** The recorded runs, or those of one profile. */
function traces(profile?: Profile): string[] {
  return globSync(join(root, "test/contract/traces/*.jsonl")).filter((file) => {
    const name = basename(file);
    return profile === undefined ? ![dataSourceTrace, worldTrace].includes(name) : profileOf(name) === profile;
  });
}

/** Actions of the provider in the recorded runs, or in those of one profile. */
export function recordedActions(profile?: Profile): Set<string> {
  const actions = new Set<string>();
  for (const file of traces(profile)) {
    for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
      const { caller, service, action } = JSON.parse(line) as Recorded;
      if (/^(provider|root)\b/.test(caller)) actions.add(`${service}:${action}`);
    }
  }
  return actions;
}

/** Actions of the data sources that the program asks. */
function askedActions(): string[] {
  const text = globSync(join(root, "{index,components/**/*}.ts"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  const asked = [...text.matchAll(/tencentcloud\.get(\w+?)(?:Output)?\(/g)].map(([, name = ""]) => name);
  return [...new Set(asked)].flatMap((name) => {
    const actions = dataSources[name];
    if (!actions)
      throw new Error(`the program asks the data source ${name}: name its calls in scripts/deployPolicy.ts`);
    return actions;
  });
}

/** Each action of a profile's policy, or of the one for all settings, and why it is in it. */
export function deployActions(profile?: Profile): Map<string, string> {
  const why = new Map<string, string>();
  for (const action of recordedActions(profile)) why.set(action, "recorded");
  for (const action of askedActions()) why.set(action, why.get(action) ?? "data source");
  const more = profile === undefined ? unrecorded : unrecordedOf[profile];
  for (const [action, reason] of Object.entries(more)) why.set(action, why.get(action) ?? reason);
  for (const action of [...why.keys()]) {
    const twin = `cvm:${action.replace(/^\w+:/, "")}`;
    if (alsoCvm.test(action)) why.set(twin, `the name that CAM may know ${action} by`);
  }
  return new Map([...why].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * Every resource: what is made anew can't be named before it is there, and of CAM's own calls CreateRole, CreatePolicy and
 * AttachRolePolicy know no resource at all, so that a statement which names a role refuses them
 * (https://cloud.tencent.com/document/product/598/69872).
 */
export const policyText = (profile?: Profile): string => {
  const statement = [{ effect: "allow", action: [...deployActions(profile).keys()], resource: ["*"] }];
  return `${JSON.stringify({ version: "2.0", statement }, null, 2)}\n`;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [option, word] = process.argv.slice(2);
  if (option === "--explain") {
    const profile = profiles.find((one) => one === word);
    if (word !== undefined && !profile) throw new Error(`"${word}" is no profile; allowed: ${profiles.join(", ")}`);
    const columns = [{ head: "action" }, { head: "why", wraps: true }];
    console.log(table(columns, [...deployActions(profile)]).join("\n"));
  } else {
    mkdirSync(join(root, "docs", "deploy-policy"), { recursive: true });
    writeFileSync(policyFile, policyText());
    for (const profile of profiles) writeFileSync(profileFile(profile), policyText(profile));
    console.log(
      `Wrote ${deployActions().size} actions to docs/deploy-policy.json, and one for each of ${profiles.join(", ")}.`,
    );
  }
}
