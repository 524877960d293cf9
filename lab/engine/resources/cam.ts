/** Roles and policies. */
import { gone, plain, type Resource } from "./resource.ts";

export const cam: Record<string, Resource> = {
  "tencentcloud:index/camRole:CamRole": plain({
    service: "cam",
    create: "CreateRole",
    rename: { name: "RoleName", document: "PolicyDocument" },
    request: () => ({ Tags: null }),
    made: "RoleId",
    remove: "DeleteRole.RoleId",
  }),
  "tencentcloud:index/camPolicy:CamPolicy": plain({
    service: "cam",
    create: "CreatePolicy",
    rename: { name: "PolicyName", document: "PolicyDocument" },
    made: "PolicyId",
    update: (id, i) => ["UpdatePolicy", { PolicyId: Number(id), PolicyDocument: i.document }],
    remove: "DeletePolicy.PolicyId[]",
  }),
  "tencentcloud:index/camRolePolicyAttachment:CamRolePolicyAttachment": {
    create: async (i, { call }) => {
      await call("cam", "AttachRolePolicy", { AttachRoleId: i.roleId, PolicyId: Number(i.policyId) });
      return { id: `${i.roleId}#${i.policyId}`, state: {} };
    },
    remove: (_id, i, { call }) =>
      gone(call("cam", "DetachRolePolicy", { DetachRoleId: i.roleId, PolicyId: Number(i.policyId) })),
  },
};
