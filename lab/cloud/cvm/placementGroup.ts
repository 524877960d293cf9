import { CloudError, known } from "../account/api/errors.ts";
import { type ApiFilter, atMost, checkQuery, cvmQuery, page, select } from "../account/api/filters.ts";
import { isoTime } from "../account/behaviour/clock.ts";
import type { Call, Handler, Model } from "../account/model.ts";
import type { PlacementGroup, TagSpecification } from "../account/records.ts";
import { tagsFor } from "../account/tagStore.ts";

/** Machines that one group may hold, by its type. */
const quotas = { HOST: 50, SW: 20, RACK: 30 };

/** For what is to be done with a machine; the group's own actions have a code of their own. */
export const noPlacementGroup = (id: string, code = "FailedOperation.DisasterRecoverGroupNotFound") =>
  new CloudError(code, `The placement group '${id}' does not exist.`);

const noSuchGroup = (id: string) => noPlacementGroup(id, "ResourceNotFound.InvalidPlacementSet");

const membersOf = (model: Model, id: string) =>
  [...model.instances.values()].filter(({ placementGroupIds }) => placementGroupIds.includes(id)).map((i) => i.id);

/** Refuses one machine more than the group may hold. */
export function requireRoom(model: Model, group: PlacementGroup, call: Call): void {
  if (membersOf(model, group.id).length >= quotas[group.type]) {
    const isNew = call.action === "RunInstances";
    throw new CloudError(
      isNew ? "LimitExceeded.DisasterRecoverGroup" : "ResourceInsufficient.DisasterRecoverGroupCvmQuota",
      `${group.id} is full.`,
    );
  }
}

function checkGroupName(name: string): void {
  if (name.length < 1 || name.length > 60) {
    throw new CloudError("InvalidParameterValue.TooLong", `The name '${name}' must have 1 to 60 characters.`);
  }
}

const createDisasterRecoverGroup: Handler<{
  Name: string;
  Type: string;
  Affinity?: number;
  Strategy?: string;
  TagSpecification?: TagSpecification[];
}> = (model, request) => {
  checkGroupName(request.Name);
  const type = (["HOST", "SW", "RACK"] as const).find((name) => name === request.Type);
  if (!type)
    throw new CloudError("InvalidParameterValue.Range", `The type '${request.Type}' must be HOST, SW or RACK.`);
  if ((request.Strategy ?? "SPREAD") !== "SPREAD") {
    throw new CloudError(
      "InvalidParameterValue.Range",
      `The strategy '${String(request.Strategy)}' is offered on request only.`,
    );
  }
  const affinity = request.Affinity ?? 1;
  if (affinity < 1 || affinity > 10) throw new CloudError("InvalidParameterValue.Range", "Affinity must be 1 to 10.");
  if (model.placementGroups.size >= 10) {
    throw new CloudError("ResourceInsufficient.InsufficientGroupQuota", "At most 10 placement groups in a region.");
  }
  const group: PlacementGroup = {
    id: model.ids.id("ps"),
    name: request.Name,
    type,
    affinity,
    createdMs: model.clock.now(),
  };
  model.tags.add("cvm/ps", group.id, tagsFor(request.TagSpecification, "cvm/ps"));
  model.placementGroups.set(group.id, group);
  return {
    DisasterRecoverGroupId: group.id,
    Type: group.type,
    Name: group.name,
    CvmQuotaTotal: quotas[group.type],
    CurrentNum: 0,
    CreateTime: isoTime(group.createdMs),
    Strategy: "SPREAD",
    PartitionCount: null,
  };
};

const groupQuery = {
  ...cvmQuery,
  both: null,
  malformedId: "InvalidParameterValue.DisasterRecoverGroupIdMalformed",
  ids: { most: 10, code: "InvalidParameterValue.LimitExceeded" },
  filters: { most: 10, code: "InvalidParameterValue.LimitExceeded" },
  values: { most: 5, code: "InvalidParameterValue.LimitExceeded" },
};

const describeDisasterRecoverGroups: Handler<{
  DisasterRecoverGroupIds?: string[];
  Name?: string;
  Filters?: ApiFilter[];
  Offset?: number;
  Limit?: number;
}> = (model, request) => {
  checkQuery(request, request.DisasterRecoverGroupIds, "ps", groupQuery);
  const found = select(
    model.placementGroups.values(),
    request.Filters,
    {},
    (group) => model.tags.of("cvm/ps", group.id),
    groupQuery,
  ).filter(
    (group) =>
      (!request.DisasterRecoverGroupIds || request.DisasterRecoverGroupIds.includes(group.id)) &&
      group.name.includes(request.Name ?? ""),
  );
  const set = page(found, request, groupQuery).map((group) => {
    const members = membersOf(model, group.id);
    return {
      DisasterRecoverGroupId: group.id,
      Name: group.name,
      Type: group.type,
      Affinity: group.affinity,
      CvmQuotaTotal: quotas[group.type],
      CurrentNum: members.length,
      InstanceIds: members,
      CreateTime: isoTime(group.createdMs),
      Strategy: "SPREAD",
      PartitionCount: null,
      Tags: model.tags.of("cvm/ps", group.id),
    };
  });
  return { TotalCount: found.length, DisasterRecoverGroupSet: set };
};

const modifyDisasterRecoverGroupAttribute: Handler<{ DisasterRecoverGroupId: string; Name: string }> = (
  model,
  request,
) => {
  checkGroupName(request.Name);
  known(model.placementGroups, request.DisasterRecoverGroupId, noSuchGroup).name = request.Name;
  return {};
};

const deleteDisasterRecoverGroups: Handler<{ DisasterRecoverGroupIds: string[] }> = (model, request) => {
  atMost("placement groups", request.DisasterRecoverGroupIds, groupQuery.ids);
  const groups = request.DisasterRecoverGroupIds.map((id) => known(model.placementGroups, id, noSuchGroup));
  for (const group of groups) {
    const member = membersOf(model, group.id)[0];
    if (member) throw new CloudError("FailedOperation.PlacementSetNotEmpty", `${group.id} holds ${member}.`);
  }
  for (const group of groups) {
    model.placementGroups.delete(group.id);
    model.tags.drop("cvm/ps", group.id);
  }
  return {};
};

export const placementGroupActions = {
  cvm: {
    CreateDisasterRecoverGroup: createDisasterRecoverGroup,
    DescribeDisasterRecoverGroups: describeDisasterRecoverGroups,
    ModifyDisasterRecoverGroupAttribute: modifyDisasterRecoverGroupAttribute,
    DeleteDisasterRecoverGroups: deleteDisasterRecoverGroups,
  },
};
