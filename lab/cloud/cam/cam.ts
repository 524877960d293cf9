import { readPolicy, readTrust } from "../account/access/policy.ts";
import { CloudError, known } from "../account/api/errors.ts";
import { atMost } from "../account/api/filters.ts";
import { plainTime } from "../account/behaviour/clock.ts";
import type { Handler, Model } from "../account/model.ts";
import type { ApiTag, Json, Policy, Role } from "../account/records.ts";
import { inForce } from "./access.ts";

const noRole = () => new CloudError("InvalidParameter.RoleNotExist", "The role does not exist.");
const noPolicy = (id: string) => new CloudError("ResourceNotFound.PolicyIdNotFound", id);
/** ... where a policy and a role are joined. */
export const noSuchPolicy = (id: string) => new CloudError("InvalidParameter.PolicyIdNotExist", id);

/** The API gives documents back indented, and in an order of its own: no client may compare the text. */
function asStored(document: string): string {
  const parsed = JSON.parse(document) as {
    version: string;
    statement: Record<string, unknown> | Record<string, unknown>[];
  };
  const order = ["principal", "resource", "effect", "action"];
  const statement = (Array.isArray(parsed.statement) ? parsed.statement : [parsed.statement]).map((entry) =>
    Object.fromEntries(order.filter((key) => key in entry).map((key) => [key, entry[key]])),
  );
  return JSON.stringify({ version: parsed.version, statement }, null, 2);
}

/** The limit that the vendor's text for this code names. */
function checkDescription(description = ""): void {
  if (Buffer.byteLength(description) > 300) {
    throw new CloudError("InvalidParameter.DescriptionLengthOverlimit", "Description has at most 300 bytes.");
  }
}

function roleOf(model: Model, id: string | undefined, name: string | undefined): Role {
  if (id === undefined && name === undefined)
    throw new CloudError("InvalidParameter.ParamError", "RoleId or RoleName is needed.");
  const role = [...model.roles.values()].find((candidate) => candidate.id === id || candidate.name === name);
  if (!role) throw noRole();
  return role;
}

const createRole: Handler<{
  RoleName: string;
  PolicyDocument: string;
  Description?: string;
  Tags?: ApiTag[];
}> = (model, request) => {
  if (!/^[\w+=,.@-]{1,128}$/.test(request.RoleName)) {
    throw new CloudError("InvalidParameter.RoleNameError", `The role name '${request.RoleName}' is malformed.`);
  }
  if ([...model.roles.values()].some(({ name }) => name === request.RoleName)) {
    throw new CloudError("InvalidParameter.RoleNameInUse", `A role named '${request.RoleName}' exists already.`);
  }
  readTrust(request.PolicyDocument);
  checkDescription(request.Description);
  const nowMs = model.clock.now();
  const role: Role = {
    // As long as the real ones, so that no client gets away with a number.
    id: `46116860184270${String(model.ids.count("role", 7)).padStart(5, "0")}`,
    name: request.RoleName,
    document: asStored(request.PolicyDocument),
    description: request.Description ?? "",
    createdMs: nowMs,
    updatedMs: nowMs,
    policies: new Map(),
  };
  model.tags.add("cam/role", role.id, request.Tags);
  model.roles.set(role.id, role);
  return { RoleId: role.id };
};

const roleView = (model: Model, role: Role): Json => ({
  RoleId: role.id,
  RoleName: role.name,
  PolicyDocument: role.document,
  Description: role.description,
  AddTime: plainTime(role.createdMs),
  UpdateTime: plainTime(role.updatedMs),
  ConsoleLogin: 0,
  RoleType: "user",
  SessionDuration: 7200,
  DeletionTaskId: "",
  RoleArn: `qcs::cam::uin/${model.account.uin}:roleName/${role.name}`,
  Tags: model.tags.of("cam/role", role.id),
});

/** CAM counts pages from 1. */
export const pageOf = <T>(list: T[], { Page, Rp }: { Page: number; Rp: number }) => {
  if (Page < 1 || Rp < 1 || Rp > 200) throw new CloudError("InvalidParameter.ParamError", "Page from 1, Rp 1 to 200.");
  return list.slice((Page - 1) * Rp, Page * Rp);
};

const describeRoleList: Handler<{ Page: number; Rp: number }> = (model, request) => {
  const roles = [...model.roles.values()];
  return { TotalNum: roles.length, List: pageOf(roles, request).map((role) => roleView(model, role)) };
};

const getRole: Handler<{ RoleId?: string; RoleName?: string }> = (model, request) => ({
  RoleInfo: roleView(model, roleOf(model, request.RoleId, request.RoleName)),
});

const updateAssumeRolePolicy: Handler<{ RoleId?: string; RoleName?: string; PolicyDocument: string }> = (
  model,
  request,
) => {
  const role = roleOf(model, request.RoleId, request.RoleName);
  readTrust(request.PolicyDocument);
  role.document = asStored(request.PolicyDocument);
  role.updatedMs = model.clock.now();
  return {};
};

const updateRoleDescription: Handler<{ RoleId?: string; RoleName?: string; Description: string }> = (
  model,
  request,
) => {
  const role = roleOf(model, request.RoleId, request.RoleName);
  checkDescription(request.Description);
  role.description = request.Description;
  role.updatedMs = model.clock.now();
  return {};
};

const deleteRole: Handler<{ RoleId?: string; RoleName?: string }> = (model, request) => {
  const role = roleOf(model, request.RoleId, request.RoleName);
  model.roles.delete(role.id);
  model.tags.drop("cam/role", role.id);
  return {};
};

const requireFreeName = (model: Model, name: string, self?: Policy) => {
  if (!/^[\w+=,.@-]{1,128}$/.test(name)) {
    throw new CloudError("InvalidParameter.PolicyNameError", `The policy name '${name}' is malformed.`);
  }
  if ([...model.policies.values()].some((policy) => policy !== self && policy.name === name)) {
    throw new CloudError("FailedOperation.PolicyNameInUse", `A policy named '${name}' exists already.`);
  }
};

const createPolicy: Handler<{
  PolicyName: string;
  PolicyDocument: string;
  Description?: string;
  Tags?: ApiTag[];
}> = (model, request) => {
  requireFreeName(model, request.PolicyName);
  readPolicy(request.PolicyDocument);
  checkDescription(request.Description);
  const nowMs = model.clock.now();
  const id = model.ids.count("policy", 230000001);
  const document = asStored(request.PolicyDocument);
  model.tags.add("cam/policy", String(id), request.Tags);
  model.policies.set(String(id), {
    id: String(id),
    name: request.PolicyName,
    document,
    formerDocument: document,
    description: request.Description ?? "",
    createdMs: nowMs,
    updatedMs: nowMs,
  });
  return { PolicyId: id };
};

const getPolicy: Handler<{ PolicyId: number }> = (model, request) => {
  const policy = known(model.policies, String(request.PolicyId), noPolicy);
  return {
    PolicyName: policy.name,
    Description: policy.description,
    Type: 1,
    AddTime: plainTime(policy.createdMs),
    UpdateTime: plainTime(policy.updatedMs),
    PolicyDocument: policy.document,
    PresetAlias: "",
    IsServiceLinkedRolePolicy: 0,
    Tags: model.tags.of("cam/policy", policy.id),
  };
};

const listPolicies: Handler<{ Page?: number; Rp?: number; Keyword?: string; Scope?: string }> = (model, request) => {
  const { Page = 1, Rp = 20, Keyword = "", Scope = "All" } = request;
  // The account's own policies are all that there is here; QCS asks for the vendor's.
  const found = [...model.policies.values()].filter(({ name }) => Scope !== "QCS" && name.includes(Keyword));
  const list = pageOf(found, { Page, Rp }).map((policy) => ({
    PolicyId: Number(policy.id),
    PolicyName: policy.name,
    AddTime: plainTime(policy.createdMs),
    UpdateTime: plainTime(policy.updatedMs),
    Type: 1,
    Description: policy.description,
    CreateMode: 2,
    Attachments: [...model.roles.values(), ...model.users.values()].filter(({ policies }) => policies.has(policy.id))
      .length,
    ServiceType: "",
    Tags: model.tags.of("cam/policy", policy.id),
  }));
  return { TotalNum: found.length, List: list, ServiceTypeList: [] };
};

const updatePolicy: Handler<{
  PolicyId?: number;
  PolicyName?: string;
  PolicyDocument?: string;
  Description?: string;
}> = (model, request) => {
  const policy = known(model.policies, String(request.PolicyId), noPolicy);
  if (request.PolicyName !== undefined) requireFreeName(model, request.PolicyName, policy);
  checkDescription(request.Description);
  if (request.PolicyDocument !== undefined) {
    readPolicy(request.PolicyDocument);
    if (inForce(model, policy.updatedMs)) policy.formerDocument = policy.document;
    policy.document = asStored(request.PolicyDocument);
  }
  policy.name = request.PolicyName ?? policy.name;
  policy.description = request.Description ?? policy.description;
  policy.updatedMs = model.clock.now();
  return { PolicyId: Number(policy.id) };
};

const deletePolicy: Handler<{ PolicyId: number[] }> = (model, request) => {
  const policies = request.PolicyId.map((id) => known(model.policies, String(id), noPolicy));
  for (const { id } of policies) {
    model.policies.delete(id);
    model.tags.drop("cam/policy", id);
    for (const holder of [...model.roles.values(), ...model.users.values()]) holder.policies.delete(id);
  }
  return {};
};

const attachRolePolicy: Handler<{ PolicyId?: number; AttachRoleId?: string; AttachRoleName?: string }> = (
  model,
  request,
) => {
  const role = roleOf(model, request.AttachRoleId, request.AttachRoleName);
  const policy = known(model.policies, String(request.PolicyId), noSuchPolicy);
  if (!role.policies.has(policy.id)) role.policies.set(policy.id, model.clock.now());
  return {};
};

const listAttachedRolePolicies: Handler<{ RoleId?: string; RoleName?: string; Page: number; Rp: number }> = (
  model,
  request,
) => {
  const attached = [...roleOf(model, request.RoleId, request.RoleName).policies];
  const list = pageOf(attached, request).map(([id, atMs]) => ({
    PolicyId: Number(id),
    PolicyName: model.policies.get(id)?.name ?? "",
    AddTime: plainTime(atMs),
    PolicyType: "User",
    CreateMode: 2,
    Deactived: 0,
    DeactivedDetail: [],
    Description: "",
  }));
  return { TotalNum: attached.length, List: list };
};

const detachRolePolicy: Handler<{ PolicyId?: number; DetachRoleId?: string; DetachRoleName?: string }> = (
  model,
  request,
) => {
  const role = roleOf(model, request.DetachRoleId, request.DetachRoleName);
  const policy = known(model.policies, String(request.PolicyId), noSuchPolicy);
  if (!role.policies.delete(policy.id)) {
    throw new CloudError("InvalidParameter.PolicyIdNotExist", `${policy.id} is not attached.`);
  }
  return {};
};

const getUserAppId: Handler = ({ account }) => ({ Uin: account.uin, OwnerUin: account.uin, AppId: account.appId });

const describeSubAccounts: Handler<{ FilterSubAccountUin: number[] }> = (_model, request) => {
  atMost("accounts", request.FilterSubAccountUin, { most: 50, code: "InvalidParameter" });
  return { SubAccounts: [] };
};

export const camActions = {
  cam: {
    CreateRole: createRole,
    DescribeRoleList: describeRoleList,
    GetRole: getRole,
    UpdateAssumeRolePolicy: updateAssumeRolePolicy,
    UpdateRoleDescription: updateRoleDescription,
    DeleteRole: deleteRole,
    CreatePolicy: createPolicy,
    GetPolicy: getPolicy,
    ListPolicies: listPolicies,
    UpdatePolicy: updatePolicy,
    DeletePolicy: deletePolicy,
    AttachRolePolicy: attachRolePolicy,
    ListAttachedRolePolicies: listAttachedRolePolicies,
    DetachRolePolicy: detachRolePolicy,
    GetUserAppId: getUserAppId,
    DescribeSubAccounts: describeSubAccounts,
  },
};
