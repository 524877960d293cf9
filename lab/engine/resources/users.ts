/** Users of the account, and their keys. */
import { gone, type Resource } from "./resource.ts";

export const users: Record<string, Resource> = {
  "tencentcloud:index/camUser:CamUser": {
    create: async (i, { call }, remember) => {
      const { Uin } = await call("cam", "AddUser", { Name: i.name, Remark: i.remark, UseApi: 0, ConsoleLogin: 0 });
      remember(String(i.name));
      return { id: String(i.name), state: { uin: Uin } };
    },
    remove: (Name, _i, { call }) => gone(call("cam", "DeleteUser", { Name, Force: 1 })),
  },
  "tencentcloud:index/camAccessKey:CamAccessKey": {
    create: async (i, { call }) => {
      const { AccessKey } = await call("cam", "CreateAccessKey", { TargetUin: i.targetUin });
      const { AccessKeyId, SecretAccessKey } = AccessKey as Record<string, string>;
      return { id: `${AccessKeyId}`, state: { accessKey: AccessKeyId, secretAccessKey: SecretAccessKey } };
    },
    remove: (AccessKeyId, i, { call }) => gone(call("cam", "DeleteAccessKey", { AccessKeyId, TargetUin: i.targetUin })),
  },
  "tencentcloud:index/camUserPolicyAttachment:CamUserPolicyAttachment": {
    create: async (i, { call }) => {
      const { Uin } = await call("cam", "GetUser", { Name: i.userName });
      await call("cam", "AttachUserPolicy", { AttachUin: Uin, PolicyId: Number(i.policyId) });
      return { id: `${i.userName}#${i.policyId}`, state: {} };
    },
    remove: async (_id, i, { call }) => {
      const { Uin } = await call("cam", "GetUser", { Name: i.userName });
      await gone(call("cam", "DetachUserPolicy", { DetachUin: Uin, PolicyId: Number(i.policyId) }));
    },
  },
};
