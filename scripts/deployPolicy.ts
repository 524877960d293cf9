/**
 * npm run deploy-policy [-- --explain]
 * Writes docs/deploy-policy.json: what the account that runs `pulumi up` has to be allowed, as a CAM policy that names each
 * action. It is generated from the recorded traffic of the provider and from the data sources that the program asks.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");
export const policyFile = join(root, "docs", "deploy-policy.json");

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

/** What no recording shows. */
const unrecorded: Record<string, string> = {
  ...Object.fromEntries(ofNodeKey.map((action) => [`cam:${action}`, "nodeCredentials key"])),
  "vpc:ModifyAddressesBandwidth": "publicIpBandwidthMbps changed on a running stack",
  "cam:PassRole": "no call, but asked for when a sub-account gives a machine its role",
  "finance:trade": "no call, but asked for when a sub-account makes what is billed",
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

/** Actions of the provider in the recorded runs. */
export function recordedActions(): Set<string> {
  const actions = new Set<string>();
  for (const file of globSync(join(root, "test/contract/traces/*.jsonl"))) {
    if (file.endsWith(dataSourceTrace)) continue;
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

/** Each action of the policy, and why it is in it. */
export function deployActions(): Map<string, string> {
  const why = new Map<string, string>();
  for (const action of recordedActions()) why.set(action, "recorded");
  for (const action of askedActions()) why.set(action, why.get(action) ?? "data source");
  for (const [action, reason] of Object.entries(unrecorded)) why.set(action, reason);
  for (const action of [...why.keys()]) {
    const twin = `cvm:${action.replace(/^\w+:/, "")}`;
    if (alsoCvm.test(action)) why.set(twin, `the name that CAM may know ${action} by`);
  }
  return new Map([...why].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Everything is made anew, so nothing can be named as a resource before it is there; some calls know no resource at all. */
export const policyText = (): string => {
  const statement = [{ effect: "allow", action: [...deployActions().keys()], resource: ["*"] }];
  return `${JSON.stringify({ version: "2.0", statement }, null, 2)}\n`;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv.includes("--explain")) {
    for (const [action, reason] of deployActions()) console.log(`${action.padEnd(52)} ${reason}`);
  } else {
    writeFileSync(policyFile, policyText());
    console.log(`Wrote ${deployActions().size} actions to docs/deploy-policy.json.`);
  }
}
