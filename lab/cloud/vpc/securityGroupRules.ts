/** The rules of security groups: read, shown, and as packets meet them. */
import { isIPv4, isIPv6 } from "node:net";
import type { RuleView } from "../../dataplane.ts";
import { CloudError, isId, known, malformed, missing, notFound } from "../account/api/errors.ts";
import { plainTime } from "../account/behaviour/clock.ts";
import type { Model } from "../account/model.ts";
import type { Json, Rule } from "../account/records.ts";

export interface ApiRule {
  PolicyIndex?: number;
  Protocol?: string;
  Port?: string;
  ServiceTemplate?: { ServiceId?: string; ServiceGroupId?: string };
  CidrBlock?: string;
  Ipv6CidrBlock?: string;
  SecurityGroupId?: string;
  AddressTemplate?: { AddressId?: string; AddressGroupId?: string };
  Action?: string;
  PolicyDescription?: string;
}

export interface ApiRules {
  Version?: string;
  Ingress?: ApiRule[];
  Egress?: ApiRule[];
}

const protocols = ["TCP", "UDP", "ICMP", "ICMPV6", "GRE", "ALL"];
const rulesPerDirection = 100;

function checkPort(port: string): void {
  const part = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65535;
  const valid =
    port === "ALL" ||
    (/^[\d,]+$/.test(port) && port.split(",").every(part)) ||
    (/^\d+-\d+$/.test(port) && port.split("-").every(part));
  if (!valid) throw malformed("Port", port, '"all", "80", "80,443" or "8000-8100"');
}

function checkCidr(parameter: string, cidr: string, isAddress: (text: string) => boolean, bits: number): void {
  const [address = "", prefix = String(bits), ...rest] = cidr.split("/");
  if (!isAddress(address) || rest.length > 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    throw malformed(parameter, cidr, `an IPv${bits === 32 ? 4 : 6} address or CIDR`);
  }
}

/** Refuses a rule that gives both or more of what can only be given alone: it would hold for one and seem to for the other. */
function requireOne(parameters: Record<string, string | undefined>): void {
  const given = Object.keys(parameters).filter((name) => parameters[name]);
  if (given.length > 1) {
    throw new CloudError("InvalidParameter.Coexist", `A rule cannot have ${given.join(" and ")} at once.`);
  }
}

/** The template that a rule names, if any: one or a group of them. */
function templateOf(one = "", group = ""): string {
  requireOne({ [one]: one, [group]: group });
  return one || group;
}

/** Templates are made by actions that this cloud does not have, so that none exists. */
function refuseTemplate(parameter: string, id: string, prefixes: string): void {
  if (id === "") return;
  throw isId(id, prefixes) ? notFound(id) : malformed(parameter, id, "the id of a template or of a group of them");
}

function readSource(model: Model, rule: ApiRule): Pick<Rule, "cidr" | "ipv6Cidr" | "groupId"> {
  const { CidrBlock: cidr = "", Ipv6CidrBlock: ipv6Cidr = "", SecurityGroupId: groupId = "" } = rule;
  const template = templateOf(rule.AddressTemplate?.AddressId, rule.AddressTemplate?.AddressGroupId);
  if (!cidr && !ipv6Cidr && !groupId && !template) throw missing("CidrBlock");
  requireOne({ CidrBlock: cidr, Ipv6CidrBlock: ipv6Cidr, SecurityGroupId: groupId, AddressTemplate: template });
  refuseTemplate("AddressTemplate", template, "ipmg?");
  if (cidr) checkCidr("CidrBlock", cidr, isIPv4, 32);
  if (ipv6Cidr) checkCidr("Ipv6CidrBlock", ipv6Cidr, isIPv6, 128);
  if (groupId) known(model.securityGroups, groupId);
  // "0.0.0.0/n is 0.0.0.0/0", says the API's text.
  return { cidr: cidr.startsWith("0.0.0.0/") ? "0.0.0.0/0" : cidr, ipv6Cidr, groupId };
}

function readRule(model: Model, rule: ApiRule): Rule {
  const template = templateOf(rule.ServiceTemplate?.ServiceId, rule.ServiceTemplate?.ServiceGroupId);
  requireOne({ ServiceTemplate: template, "Protocol or Port": rule.Protocol || rule.Port });
  refuseTemplate("ServiceTemplate", template, "ppmg?");
  const protocol = (rule.Protocol ?? "ALL").toUpperCase();
  if (!protocols.includes(protocol)) {
    throw malformed("Protocol", rule.Protocol ?? "", "TCP, UDP, ICMP, ICMPv6, GRE or ALL");
  }
  if (rule.Ipv6CidrBlock && protocol === "ICMP") {
    throw new CloudError(
      "InvalidParameter.Coexist",
      "ICMP and Ipv6CidrBlock exclude each other: the protocol is ICMPV6.",
    );
  }
  const portSent = rule.Port ?? "ALL";
  const port = portSent.toUpperCase();
  checkPort(port);
  if (port !== "ALL" && !["TCP", "UDP"].includes(protocol)) {
    throw malformed("Port", port, `${protocol} has no ports: it must be "all"`);
  }
  const action = (rule.Action ?? "").toUpperCase();
  if (action !== "ACCEPT" && action !== "DROP") throw malformed("Action", rule.Action ?? "", "ACCEPT or DROP");
  return {
    protocol,
    port,
    portSent,
    ...readSource(model, rule),
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
  for (const { protocol, port, cidr, ipv6Cidr, groupId } of read) {
    const key = `${protocol} ${port} ${cidr}${ipv6Cidr}${groupId}`;
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
  Ipv6CidrBlock: rule.ipv6Cidr || model.faults.settings.ruleIpv6Cidr,
  SecurityGroupId: rule.groupId,
  Action: rule.action,
  PolicyDescription: rule.description,
  ModifyTime: plainTime(rule.modifiedMs),
  ServiceTemplate: { ServiceId: "", ServiceGroupId: "" },
  AddressTemplate: { AddressId: "", AddressGroupId: "" },
});

/**
 * The rules of several groups, one after the other, as packets meet them: all packets here are IPv4. A group as source
 * is its members' addresses.
 */
export function rulesFor(model: Model, groupIds: string[], direction: "ingress" | "egress"): RuleView[] {
  const members = (id: string) =>
    [...model.enis.values()].filter((eni) => eni.groupIds.includes(id)).flatMap((eni) => eni.addresses);
  const sources = ({ cidr, groupId }: Rule) =>
    groupId ? members(groupId).map(({ address }) => `${address}/32`) : cidr ? [cidr] : [];
  return groupIds.flatMap((id) =>
    (model.securityGroups.get(id)?.[direction] ?? []).flatMap((rule) => {
      const { protocol, port, action } = rule;
      return sources(rule).map((cidr) => ({ protocol, port, cidr, action }));
    }),
  );
}
