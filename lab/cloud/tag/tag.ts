/** The tag service: one view of all tags, however they were given. */
import { CloudError } from "../account/api/errors.ts";
import { atMost } from "../account/api/filters.ts";
import type { Handler, Model } from "../account/model.ts";
import type { TagKind } from "../account/tagStore.ts";

const describeResourceTagsByResourceIds: Handler<{
  ServiceType: string;
  ResourcePrefix: string;
  ResourceIds: string[];
  ResourceRegion?: string;
  Offset?: number;
  Limit?: number;
}> = (model, request) => {
  const { ServiceType, ResourcePrefix, ResourceRegion = "", Offset = 0, Limit = 15 } = request;
  atMost("resources", request.ResourceIds, { most: 50, code: "InvalidParameterValue.ResourceIdInvalid" });
  const elsewhere = ResourceRegion !== "" && ResourceRegion !== model.account.region;
  const all = (elsewhere ? [] : request.ResourceIds).flatMap((ResourceId) =>
    model.tags.of(`${ServiceType}/${ResourcePrefix}`, ResourceId).map(({ Key, Value }) => ({
      TagKey: Key,
      TagValue: Value,
      ResourceId,
      ServiceType,
      TagKeyMd5: "",
      TagValueMd5: "",
      Category: "All",
    })),
  );
  return { TotalCount: all.length, Offset, Limit, Tags: all.slice(Offset, Offset + Limit) };
};

/** Whatever is wrong with the name of a resource. */
const bad = (message: string) => new CloudError("InvalidParameterValue.ResourceDescriptionError", message);

function exists(model: Model, kind: string, id: string): boolean {
  const maps: Record<TagKind, ReadonlyMap<string, unknown>> = {
    "vpc/vpc": model.vpcs,
    "vpc/subnet": model.subnets,
    "vpc/eni": model.enis,
    "vpc/eip": model.eips,
    "vpc/rsvip": model.reservedIps,
    "cvm/sg": model.securityGroups,
    "cvm/keypair": model.keyPairs,
    "cvm/instance": model.instances,
    "cvm/volume": new Map([...model.instances.values()].map((instance) => [instance.diskId, instance])),
    "cvm/ps": model.placementGroups,
    "cam/role": model.roles,
    "cam/policy": model.policies,
    "cam/uin": new Map([...model.users.values()].map((user) => [String(user.uin), user])),
  };
  const map = maps[kind as TagKind];
  if (!map) throw bad(`Resources of '${kind}' cannot be tagged here.`);
  return map.has(id);
}

const modifyResourceTags: Handler<{
  Resource: string;
  ReplaceTags?: { TagKey: string; TagValue: string }[];
  DeleteTags?: { TagKey: string }[];
}> = (model, request) => {
  // qcs::cvm:ap-guangzhou:uin/:sg/sg-7t6fv6h9; roles have no region.
  const parts = /^qcs::([a-z]+):([a-z0-9-]*):uin\/(\d*):([a-z]+)\/(.+)$/.exec(request.Resource);
  if (!parts) {
    throw bad(`The resource '${request.Resource}' is malformed.`);
  }
  const [, service, region, uin, prefix, id = ""] = parts;
  if (region !== "" && region !== model.account.region) {
    throw bad(`The region '${region}' is not this account's.`);
  }
  const { camTagRegion } = model.faults.settings;
  const regional = service === "cam" && region !== "";
  if (regional && camTagRegion !== "accepted" && camTagRegion !== "ignored") {
    throw new CloudError(camTagRegion, `The resource '${request.Resource}' belongs to no region.`);
  }
  if (uin !== "" && uin !== model.account.uin) throw bad(`Unknown uin ${uin}.`);
  const kind = `${service}/${prefix}`;
  if (!exists(model, kind, id)) {
    throw new CloudError("FailedOperation", `The resource '${id}' does not exist.`);
  }
  if (!request.ReplaceTags && !request.DeleteTags) {
    throw new CloudError("InvalidParameter.Tag", "ReplaceTags or DeleteTags is needed.");
  }
  // "It may be left out, but not be empty", says the API's text; and no more than ten.
  for (const list of [request.ReplaceTags, request.DeleteTags]) {
    if (list?.length === 0) throw new CloudError("InvalidParameter.Tag", "A list of tags is empty.");
    atMost("tags", list, { most: 10, code: "InvalidParameter.Tag" });
  }
  const deleted = new Set(request.DeleteTags?.map(({ TagKey }) => TagKey));
  const both = request.ReplaceTags?.find(({ TagKey }) => deleted.has(TagKey));
  if (both) throw new CloudError("InvalidParameter.Tag", `Tag '${both.TagKey}' is both replaced and deleted.`);
  const replaced = (request.ReplaceTags ?? []).map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue }));
  if (regional && camTagRegion === "ignored") return {};
  model.tags.replace(`${kind}/${id}`, replaced);
  for (const key of deleted) model.tags.remove(`${kind}/${id}`, key);
  return {};
};

export const tagActions = {
  tag: {
    DescribeResourceTagsByResourceIds: describeResourceTagsByResourceIds,
    ModifyResourceTags: modifyResourceTags,
  },
};
