/** The rules of security groups: read, shown, and as packets meet them. */
import { isIPv4 } from "node:net";
import type { RuleView } from "../../dataplane.ts";
import { plainTime } from "../account/clock.ts";
import { CloudError, known, malformed } from "../account/errors.ts";
import type { Model } from "../account/model.ts";
import type { Json, Rule } from "../account/records.ts";

export interface ApiRule {
  PolicyIndex?: number;
  Protocol?: string;
  Port?: string;
  CidrBlock?: string;
  SecurityGroupId?: string;
  Action?: string;
  PolicyDescription?: string;
}

export interface ApiRules {
  Version?: string;
  Ingress?: ApiRule[];
  Egress?: ApiRule[];
}

const protocols = ["TCP", "UDP", "ICMP", "ICMPV6", "ALL"];
const rulesPerDirection = 100;

function checkPort(port: string): void {
  const part = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65535;
  const valid =
    port === "ALL" ||
    (/^[\d,]+$/.test(port) && port.split(",").every(part)) ||
    (/^\d+-\d+$/.test(port) && port.split("-").every(part));
  if (!valid) throw malformed("Port", port, '"all", "80", "80,443" or "8000-8100"');
}

function checkCidr(cidr: string): void {
  const [address = "", prefix = "32", ...rest] = cidr.split("/");
  if (!isIPv4(address) || rest.length > 0 || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) {
    throw malformed("CidrBlock", cidr, "an IPv4 address or CIDR");
  }
}

function readRule(model: Model, rule: ApiRule): Rule {
  const protocol = (rule.Protocol ?? "ALL").toUpperCase();
  if (!protocols.includes(protocol)) {
    throw malformed("Protocol", rule.Protocol ?? "", "TCP, UDP, ICMP, ICMPv6 or ALL");
  }
  const portSent = rule.Port ?? "ALL";
  const port = portSent.toUpperCase();
  checkPort(port);
  if (port !== "ALL" && !["TCP", "UDP"].includes(protocol)) {
    throw malformed("Port", port, `${protocol} has no ports: it must be "all"`);
  }
  const action = (rule.Action ?? "").toUpperCase();
  if (action !== "ACCEPT" && action !== "DROP") throw malformed("Action", rule.Action ?? "", "ACCEPT or DROP");
  const [cidr, groupId] = [rule.CidrBlock ?? "", rule.SecurityGroupId ?? ""];
  if ((cidr === "") === (groupId === "")) {
    throw new CloudError("InvalidParameter.Coexist", "A rule needs CidrBlock or SecurityGroupId, and not both.");
  }
  if (cidr) checkCidr(cidr);
  if (groupId) known(model.securityGroups, groupId);
  return {
    protocol,
    port,
    portSent,
    cidr,
    groupId,
    action,
    description: rule.PolicyDescription ?? "",
    modifiedMs: model.clock.now(),
  };
}

export function readRules(model: Model, rules: ApiRule[]): Rule[] {
  if (rules.length > rulesPerDirection) {
    throw new CloudError(
      "LimitExceeded",
      `A security group can have at most ${rulesPerDirection} rules per direction.`,
    );
  }
  const read = rules.map((rule) => readRule(model, rule));
  const seen = new Set<string>();
  for (const { protocol, port, cidr, groupId } of read) {
    const key = `${protocol} ${port} ${cidr}${groupId}`;
    if (seen.has(key))
      throw new CloudError("UnsupportedOperation.DuplicatePolicy", `The rule '${key}' is given twice.`);
    seen.add(key);
  }
  return read;
}

function portView(model: Model, { port, portSent }: Rule): string {
  const all = model.faults.settings.rulePortAll;
  if (port !== "ALL") return port;
  return all === "as-sent" ? portSent : all;
}

export const ruleView = (model: Model, rule: Rule, index: number): Json => ({
  PolicyIndex: index,
  Protocol: rule.protocol,
  Port: portView(model, rule),
  CidrBlock: rule.cidr,
  Ipv6CidrBlock: model.faults.settings.ruleIpv6Cidr,
  SecurityGroupId: rule.groupId,
  Action: rule.action,
  PolicyDescription: rule.description,
  ModifyTime: plainTime(rule.modifiedMs),
  ServiceTemplate: { ServiceId: "", ServiceGroupId: "" },
  AddressTemplate: { AddressId: "", AddressGroupId: "" },
});

/** The rules of several groups, one after the other, as packets meet them. A group as source is its members' addresses. */
export function rulesFor(model: Model, groupIds: string[], direction: "ingress" | "egress"): RuleView[] {
  const members = (id: string) =>
    [...model.enis.values()].filter((eni) => eni.groupIds.includes(id)).flatMap((eni) => eni.addresses);
  return groupIds.flatMap((id) =>
    (model.securityGroups.get(id)?.[direction] ?? []).flatMap(({ protocol, port, cidr, groupId, action }) =>
      (groupId ? members(groupId).map(({ address }) => `${address}/32`) : [cidr]).map((source) => ({
        protocol,
        port,
        cidr: source,
        action,
      })),
    ),
  );
}
