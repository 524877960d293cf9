/** CAM documents: what they may look like, and what they allow. Deny beats allow; nothing said is denied. */

import { CloudError } from "../api/errors.ts";
import type { Role, Statement } from "../records.ts";
import { unknownAction } from "./actionNames.ts";

/** Something a call touches, with the services in whose name a policy may speak of it. */
export interface Resource {
  services: string[];
  /** `eni/eni-6t3fcly0` ... */
  name: string;
}

/** A call as CAM sees it. */
export interface Access {
  /** Services under whose name CAM knows the action. */
  services: string[];
  action: string;
  region: string;
  /** Empty: authorised as an operation, which only resource `*` covers. */
  resources: Resource[];
  uin: string;
  /** A policy may leave the account out of a resource's name. */
  accountMayBeEmpty: boolean;
}

type Raw = Record<string, unknown>;

const isRecord = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);

const texts = (value: unknown): string[] | undefined => {
  const list = Array.isArray(value) ? value : [value];
  return list.every((entry) => typeof entry === "string") && list.length > 0 ? list : undefined;
};

/** @param unreadable what the kind of document is answered with when it is none */
function statementsOf(document: string, unreadable: "PolicyDocumentError" | "ParamError"): Raw[] {
  const bad = (code: string, message: string) => new CloudError(`InvalidParameter.${code}`, message);
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch {
    throw bad(unreadable, "The policy document is not JSON.");
  }
  if (!isRecord(parsed)) throw bad(unreadable, "The policy document is not an object.");
  if (parsed.version !== "2.0") throw bad("VersionError", "The version of the policy document must be 2.0.");
  const statements = Array.isArray(parsed.statement) ? parsed.statement : [parsed.statement];
  if (statements.length === 0 || !statements.every(isRecord)) throw bad("StatementError", "statement is malformed.");
  for (const statement of statements) {
    if (statement.effect !== "allow" && statement.effect !== "deny") throw bad("EffectError", "effect: allow or deny.");
    if (!texts(statement.action)) throw bad("ActionError", "action must be a text or a list of texts.");
  }
  return statements;
}

const actionPattern = /^(?:\*|(?:name\/)?[a-z]+:(?:\*|[A-Za-z]+\*?))$/;

/** Reads the document of a policy; refuses what CAM refuses. */
export function readPolicy(document: string): Statement[] {
  return statementsOf(document, "PolicyDocumentError").map((statement) => {
    const actions = texts(statement.action) ?? [];
    const odd = actions.find((action) => !actionPattern.test(action));
    if (odd !== undefined) throw new CloudError("InvalidParameter.ActionError", `The action '${odd}' is malformed.`);
    for (const action of actions) {
      const unknown = unknownAction(action);
      if (unknown) throw new CloudError(`InvalidParameter.${unknown}`, `The action '${action}' does not exist.`);
    }
    const resources = texts(statement.resource);
    if (!resources)
      throw new CloudError("InvalidParameter.ResourceError", "resource must be a text or a list of texts.");
    const strange = resources.find((resource) => resource !== "*" && resource.split(":").length < 6);
    if (strange !== undefined) {
      throw new CloudError(
        "InvalidParameter.ResourceError",
        `The resource '${strange}' is malformed: qcs::service:region:account:resource.`,
      );
    }
    if (statement.condition !== undefined) {
      throw new CloudError("InvalidParameter.ConditionError", "Conditions are not known in this cloud.");
    }
    return { effect: statement.effect === "deny" ? "deny" : "allow", actions, resources };
  });
}

/** Services that may assume a role, by its trust document. */
export function readTrust(document: string): string[] {
  return statementsOf(document, "ParamError").flatMap((statement) => {
    const principal = statement.principal;
    if (!isRecord(principal)) throw new CloudError("InvalidParameter.PrincipalError", "principal is malformed.");
    const actions = texts(statement.action) ?? [];
    if (!actions.some((action) => ["name/sts:AssumeRole", "sts:AssumeRole"].includes(action))) {
      throw new CloudError("InvalidParameter.ActionError", "The action of a trust document is name/sts:AssumeRole.");
    }
    const services = principal.service === undefined ? [] : texts(principal.service);
    if (!services) throw new CloudError("InvalidParameter.PrincipalError", "principal.service is malformed.");
    return statement.effect === "allow" ? services : [];
  });
}

export const trustsService = (role: Role, service: string) => readTrust(role.document).includes(service);

const like = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  ).test(text);

const namesAction = (pattern: string, { services, action }: Access) =>
  pattern === "*" || services.some((service) => like(pattern.replace(/^name\//, ""), `${service}:${action}`));

function namesResource(pattern: string, { services, name }: Resource, { region, uin, accountMayBeEmpty }: Access) {
  if (pattern === "*") return true;
  const [qcs, project, itsService = "", itsRegion = "", account = "", ...rest] = pattern.split(":");
  return (
    qcs === "qcs" &&
    project === "" &&
    services.some((service) => like(itsService || "*", service)) &&
    like(itsRegion || "*", region) &&
    [...(accountMayBeEmpty ? ["", "uin/"] : []), "*", `uin/${uin}`].includes(account) &&
    like(rest.join(":"), name)
  );
}

/** Whether the statements together allow the call, for every resource it touches. */
export function allows(statements: Statement[], access: Access): boolean {
  const touched = access.resources.length > 0 ? access.resources : [undefined];
  return touched.every((resource) => {
    // An operation-level call is covered by resource "*" and by nothing narrower.
    const fitting = statements.filter(
      ({ actions, resources }) =>
        actions.some((pattern) => namesAction(pattern, access)) &&
        resources.some((pattern) =>
          resource === undefined ? pattern === "*" : namesResource(pattern, resource, access),
        ),
    );
    return fitting.length > 0 && fitting.every(({ effect }) => effect === "allow");
  });
}
