import { CloudError, inUse, known, malformed } from "../account/api/errors.ts";
import { type ApiFilter, checkQuery, page, select, vpcQuery } from "../account/api/filters.ts";
import { plainTime } from "../account/behaviour/clock.ts";
import type { Handler, Model } from "../account/model.ts";
import type { ApiTag, Json, Rule, SecurityGroup } from "../account/records.ts";
import { checkLength } from "./names.ts";
import { type ApiRule, type ApiRules, readRules, ruleView } from "./securityGroupRules.ts";

const groupView = (model: Model, group: SecurityGroup): Json => ({
  SecurityGroupId: group.id,
  SecurityGroupName: group.name,
  SecurityGroupDesc: group.description,
  ProjectId: group.projectId,
  IsDefault: false,
  CreatedTime: plainTime(group.createdMs),
  UpdateTime: plainTime(group.updatedMs),
  TagSet: model.tags.of("cvm/sg", group.id),
});

function checkTexts({ GroupName, GroupDescription }: { GroupName?: string; GroupDescription?: string }): void {
  if (GroupName === "") throw malformed("GroupName", GroupName, "it must have 1 to 60 characters");
  checkLength("GroupName", GroupName, 60);
  checkLength("GroupDescription", GroupDescription, 100);
}

const createSecurityGroup: Handler<{
  GroupName: string;
  GroupDescription: string;
  ProjectId?: string;
  Tags?: ApiTag[];
}> = (model, request) => {
  checkTexts(request);
  if (model.securityGroups.size >= 50) throw new CloudError("LimitExceeded", "At most 50 security groups in a region.");
  const nowMs = model.clock.now();
  const group: SecurityGroup = {
    id: model.ids.id("sg"),
    name: request.GroupName,
    description: request.GroupDescription,
    projectId: request.ProjectId ?? "0",
    createdMs: nowMs,
    updatedMs: nowMs,
    version: 0,
    ingress: [],
    egress: [],
  };
  model.tags.add("cvm/sg", group.id, request.Tags);
  model.securityGroups.set(group.id, group);
  return { SecurityGroup: groupView(model, group) };
};

const describeSecurityGroups: Handler<{
  SecurityGroupIds?: string[];
  Filters?: ApiFilter[];
  Offset?: string;
  Limit?: string;
}> = (model, request) => {
  checkQuery(request, request.SecurityGroupIds, "sg", vpcQuery);
  for (const id of request.SecurityGroupIds ?? []) known(model.securityGroups, id);
  const found = select(
    model.securityGroups.values(),
    request.Filters,
    {
      "security-group-id": (group) => [group.id],
      "security-group-name": (group) => [group.name],
      "project-id": (group) => [group.projectId],
    },
    (group) => model.tags.of("cvm/sg", group.id),
    vpcQuery,
  ).filter((group) => !request.SecurityGroupIds || request.SecurityGroupIds.includes(group.id));
  return {
    TotalCount: found.length,
    SecurityGroupSet: page(found, request, vpcQuery).map((group) => groupView(model, group)),
  };
};

const modifySecurityGroupAttribute: Handler<{
  SecurityGroupId: string;
  GroupName?: string;
  GroupDescription?: string;
}> = (model, request) => {
  const group = known(model.securityGroups, request.SecurityGroupId);
  checkTexts(request);
  group.name = request.GroupName ?? group.name;
  group.description = request.GroupDescription ?? group.description;
  group.updatedMs = model.clock.now();
  return {};
};

const modifySecurityGroupPolicies: Handler<{
  SecurityGroupId: string;
  SecurityGroupPolicySet: ApiRules;
  SortPolicys?: boolean;
}> = async (model, request) => {
  const group = known(model.securityGroups, request.SecurityGroupId);
  const { Version, Ingress, Egress } = request.SecurityGroupPolicySet;
  if (Version === "0") {
    group.ingress = [];
    group.egress = [];
  } else {
    if (!Ingress && !Egress) throw new CloudError("MissingParameter", "Ingress or Egress is needed.");
    if (Version !== undefined && Number(Version) !== group.version + 1) {
      throw new CloudError("UnsupportedOperation.VersionMismatch", `${group.id} is at version ${group.version}.`);
    }
    // A direction that is not named stays as it is.
    const ingress = Ingress ? readRules(model, Ingress) : group.ingress;
    const egress = Egress ? readRules(model, Egress) : group.egress;
    [group.ingress, group.egress] = [ingress, egress];
  }
  group.version += 1;
  await model.plane.apply();
  return {};
};

const describeSecurityGroupPolicies: Handler<{ SecurityGroupId: string }> = (model, request) => {
  const group = known(model.securityGroups, request.SecurityGroupId);
  return {
    SecurityGroupPolicySet: {
      Version: String(group.version),
      Ingress: group.ingress.map((rule, index) => ruleView(model, rule, index)),
      Egress: group.egress.map((rule, index) => ruleView(model, rule, index)),
    },
  };
};

const deleteSecurityGroupPolicies: Handler<{
  SecurityGroupId: string;
  SecurityGroupPolicySet: ApiRules;
}> = async (model, request) => {
  const group = known(model.securityGroups, request.SecurityGroupId);
  const without = (rules: Rule[], named: ApiRule[] | undefined) => {
    const indexes = new Set(named?.map(({ PolicyIndex }) => PolicyIndex));
    for (const index of indexes) {
      if (index === undefined || !rules[index]) {
        throw new CloudError("ResourceNotFound", `The rule ${String(index)} of ${group.id} does not exist.`);
      }
    }
    return rules.filter((_, index) => !indexes.has(index));
  };
  const ingress = without(group.ingress, request.SecurityGroupPolicySet.Ingress);
  const egress = without(group.egress, request.SecurityGroupPolicySet.Egress);
  [group.ingress, group.egress] = [ingress, egress];
  group.version += 1;
  await model.plane.apply();
  return {};
};

function users(model: Model, groupId: string): { cvm: string[]; eni: string[]; sg: string[] } {
  const names = (things: Iterable<{ id: string; groupIds: string[] }>) =>
    [...things].filter(({ groupIds }) => groupIds.includes(groupId)).map(({ id }) => id);
  return {
    cvm: names(model.instances.values()),
    eni: names([...model.enis.values()].filter(({ primary }) => !primary)),
    sg: [...model.securityGroups.values()]
      .filter(
        (group) => group.id !== groupId && [...group.ingress, ...group.egress].some((rule) => rule.groupId === groupId),
      )
      .map(({ id }) => id),
  };
}

const describeSecurityGroupAssociationStatistics: Handler<{ SecurityGroupIds: string[] }> = (model, request) => ({
  SecurityGroupAssociationStatisticsSet: request.SecurityGroupIds.map((id) => {
    known(model.securityGroups, id);
    const { cvm, eni, sg } = users(model, id);
    return {
      SecurityGroupId: id,
      CVM: cvm.length,
      ENI: eni.length,
      CLB: 0,
      CDB: 0,
      SG: sg.length,
      TotalCount: cvm.length + eni.length + sg.length,
      InstanceStatistics: [],
    };
  }),
});

const deleteSecurityGroup: Handler<{ SecurityGroupId: string }> = (model, request) => {
  const group = known(model.securityGroups, request.SecurityGroupId);
  const { cvm, eni, sg } = users(model, group.id);
  const user = [...cvm, ...eni, ...sg][0];
  if (user) throw inUse(group.id, user);
  model.securityGroups.delete(group.id);
  model.tags.drop("cvm/sg", group.id);
  return {};
};

export const securityGroupActions = {
  vpc: {
    CreateSecurityGroup: createSecurityGroup,
    DescribeSecurityGroups: describeSecurityGroups,
    ModifySecurityGroupAttribute: modifySecurityGroupAttribute,
    ModifySecurityGroupPolicies: modifySecurityGroupPolicies,
    DescribeSecurityGroupPolicies: describeSecurityGroupPolicies,
    DeleteSecurityGroupPolicies: deleteSecurityGroupPolicies,
    DescribeSecurityGroupAssociationStatistics: describeSecurityGroupAssociationStatistics,
    DeleteSecurityGroup: deleteSecurityGroup,
  },
};
