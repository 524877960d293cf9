/** Users of the account, and the keys that they sign with. */

import { CloudError } from "../account/api/errors.ts";
import { plainTime } from "../account/behaviour/clock.ts";
import type { Handler, Model } from "../account/model.ts";
import type { User } from "../account/records.ts";
import { noSuchPolicy, pageOf } from "./cam.ts";

/** CAM's limit for one user; the account itself has five. */
const mostKeys = 2;

const noUser = () => new CloudError("ResourceNotFound.UserNotExist", "The user does not exist.");

function named(model: Model, name: string): User {
  const user = model.users.get(name);
  if (!user) throw noUser();
  return user;
}

/** @param code what the action answers where no user has this number */
function numbered(model: Model, uin: number | undefined, code = "InvalidParameter.UserNotExist"): User {
  const user = [...model.users.values()].find((candidate) => candidate.uin === uin);
  if (!user) throw new CloudError(code, `No user has the uin ${uin}.`);
  return user;
}

function makeKey(model: Model, user: User) {
  const { secretId, secretKey } = model.credentials.ofUser(user.name);
  user.keys.set(secretId, { status: "Active", createdMs: model.clock.now() });
  return { secretId, secretKey };
}

const addUser: Handler<{
  Name: string;
  Remark?: string;
  ConsoleLogin?: number;
  UseApi?: number;
  NeedResetPassword?: number;
}> = (model, request) => {
  const { Name, Remark = "", ConsoleLogin = 0, UseApi = 0, NeedResetPassword = 0 } = request;
  if (!/^[A-Za-z0-9+=,.@_-]{1,64}$/.test(Name)) {
    throw new CloudError("InvalidParameter.UserNameIllegal", `The user name '${Name}' is malformed.`);
  }
  if (model.users.has(Name)) {
    throw new CloudError("InvalidParameter.SubUserNameInUse", `A user named '${Name}' exists already.`);
  }
  if (ConsoleLogin !== 0) throw new CloudError("InvalidParameter.ParamError", "Nobody logs in to this cloud.");
  if (![0, 1].includes(NeedResetPassword))
    throw new CloudError("InvalidParameter.ParamError", "NeedResetPassword: 0, 1.");
  const uid = model.ids.count("user", 20000001);
  const user: User = { name: Name, uid, uin: 100000000000 + uid, remark: Remark, keys: new Map(), policies: new Map() };
  model.users.set(Name, user);
  const key = UseApi === 1 ? makeKey(model, user) : { secretId: "", secretKey: "" };
  return { Uin: user.uin, Name, Password: "", SecretId: key.secretId, SecretKey: key.secretKey, Uid: uid };
};

const getUser: Handler<{ Name: string }> = (model, request) => {
  const { name, uin, uid, remark } = named(model, request.Name);
  return {
    Uin: uin,
    Name: name,
    Uid: uid,
    Remark: remark,
    ConsoleLogin: 0,
    PhoneNum: "",
    CountryCode: "",
    Email: "",
    RecentlyLoginIP: "",
    RecentlyLoginTime: "",
  };
};

const updateUser: Handler<{ Name: string; Remark?: string }> = (model, request) => {
  const user = named(model, request.Name);
  user.remark = request.Remark ?? user.remark;
  return {};
};

const deleteUser: Handler<{ Name: string; Force?: number }> = (model, { Name, Force }) => {
  const user = named(model, Name);
  if (user.keys.size > 0 && Force !== 1) {
    throw new CloudError("OperationDenied.HaveKeys", `The user '${user.name}' has keys.`);
  }
  for (const id of user.keys.keys()) model.credentials.forget(id);
  model.users.delete(user.name);
  model.tags.drop("cam/uin", String(user.uin));
  return {};
};

const createAccessKey: Handler<{ TargetUin?: number }> = (model, request) => {
  const user = numbered(model, request.TargetUin);
  if (user.keys.size >= mostKeys) {
    throw new CloudError("OperationDenied.AccessKeyOverLimit", `A user has at most ${mostKeys} keys.`);
  }
  const { secretId, secretKey } = makeKey(model, user);
  const CreateTime = plainTime(model.clock.now());
  return {
    AccessKey: { AccessKeyId: secretId, SecretAccessKey: secretKey, Status: "Active", CreateTime, Description: "" },
  };
};

const listAccessKeys: Handler<{ TargetUin?: number }> = (model, request) => ({
  AccessKeys: [...numbered(model, request.TargetUin).keys].map(([AccessKeyId, { status, createdMs }]) => {
    return { AccessKeyId, Status: status, CreateTime: plainTime(createdMs), Description: "" };
  }),
});

/** The user's key with this id. */
function keyOf(user: User, id: string) {
  const key = user.keys.get(id);
  if (!key) throw new CloudError("ResourceNotFound.SecretNotExist", `The key '${id}' does not exist.`);
  return key;
}

const updateAccessKey: Handler<{ AccessKeyId: string; Status: string; TargetUin?: number }> = (model, request) => {
  const key = keyOf(numbered(model, request.TargetUin), request.AccessKeyId);
  if (request.Status !== "Active" && request.Status !== "Inactive") {
    throw new CloudError("InvalidParameter.ParamError", "Status: Active or Inactive.");
  }
  key.status = request.Status;
  model.credentials.revoke(request.AccessKeyId, request.Status === "Inactive");
  return {};
};

const deleteAccessKey: Handler<{ AccessKeyId: string; TargetUin?: number }> = (model, request) => {
  const user = numbered(model, request.TargetUin);
  keyOf(user, request.AccessKeyId);
  user.keys.delete(request.AccessKeyId);
  model.credentials.forget(request.AccessKeyId);
  return {};
};

const attachUserPolicy: Handler<{ PolicyId: number; AttachUin: number }> = (model, request) => {
  const user = numbered(model, request.AttachUin);
  const id = String(request.PolicyId);
  if (!model.policies.has(id)) throw noSuchPolicy(id);
  if (!user.policies.has(id)) user.policies.set(id, model.clock.now());
  return {};
};

const listAttachedUserPolicies: Handler<{ TargetUin: number; Page?: number; Rp?: number }> = (model, request) => {
  const { TargetUin, Page = 1, Rp = 20 } = request;
  const attached = [...numbered(model, TargetUin, "InvalidParameter.ParamError").policies];
  const List = pageOf(attached, { Page, Rp }).map(([id, atMs]) => ({
    PolicyId: Number(id),
    PolicyName: model.policies.get(id)?.name ?? "",
    AddTime: plainTime(atMs),
    CreateMode: 2,
    PolicyType: "User",
    Remark: "",
    OperateOwnerUin: model.account.uin,
    OperateUin: model.account.uin,
    OperateUinType: 0,
    Deactived: 0,
    DeactivedDetail: [],
  }));
  return { TotalNum: attached.length, List };
};

const detachUserPolicy: Handler<{ PolicyId: number; DetachUin: number }> = (model, request) => {
  const user = numbered(model, request.DetachUin);
  const id = String(request.PolicyId);
  if (!user.policies.delete(id)) throw noSuchPolicy(id);
  return {};
};

export const userActions = {
  cam: {
    AddUser: addUser,
    GetUser: getUser,
    UpdateUser: updateUser,
    DeleteUser: deleteUser,
    CreateAccessKey: createAccessKey,
    ListAccessKeys: listAccessKeys,
    UpdateAccessKey: updateAccessKey,
    DeleteAccessKey: deleteAccessKey,
    AttachUserPolicy: attachUserPolicy,
    ListAttachedUserPolicies: listAttachedUserPolicies,
    DetachUserPolicy: detachUserPolicy,
  },
};
