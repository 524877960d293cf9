/** Tags of everything in the account: one store, however they were given. */
import { CloudError } from "./api/errors.ts";
import type { ApiTag, TagSpecification } from "./records.ts";

/** `vpc/subnet`, `cvm/sg` ...: service and prefix of a kind of resource in the tag service. */
export type TagKind =
  | "vpc/vpc"
  | "vpc/subnet"
  | "vpc/eni"
  | "vpc/eip"
  | "vpc/rsvip"
  | "cvm/sg"
  | "cvm/keypair"
  | "cvm/instance"
  | "cvm/volume"
  | "cvm/ps"
  | "cam/role"
  | "cam/policy"
  | "cam/uin";

const limit = 50;

/** What a service answers to each that is wrong with a tag. */
interface Refusals {
  keyLength: string;
  key: string;
  reserved: string;
  valueLength: string;
  value: string;
  quota: string;
}

const ofVpc: Refusals = {
  keyLength: "InvalidParameterValue.TagInvalidKeyLen",
  key: "InvalidParameterValue.TagInvalidKey",
  reserved: "UnsupportedOperation.TagSystemReservedTagKey",
  valueLength: "InvalidParameterValue.TagInvalidVal",
  value: "InvalidParameterValue.TagInvalidVal",
  quota: "LimitExceeded.TagKeyPerResourceExceeded",
};
const ofCvm: Refusals = {
  keyLength: "FailedOperation.IllegalTagKey",
  key: "FailedOperation.IllegalTagKey",
  reserved: "FailedOperation.TagKeyReserved",
  valueLength: "FailedOperation.IllegalTagValue",
  value: "FailedOperation.IllegalTagValue",
  quota: "InvalidParameterValue.TagQuotaLimitExceeded",
};
const always = (code: string, quota = code): Refusals => {
  return { keyLength: code, key: code, reserved: code, valueLength: code, value: code, quota };
};

const refusals: Record<TagKind, Refusals> = {
  "vpc/vpc": ofVpc,
  "vpc/subnet": ofVpc,
  "vpc/eni": ofVpc,
  "vpc/eip": always("InvalidParameterValue.InvalidTag", "LimitExceeded.TagQuota"),
  "vpc/rsvip": always("InvalidParameterValue"),
  "cvm/sg": ofVpc,
  "cvm/keypair": always("InvalidParameterValue", "LimitExceeded.TagResourceQuota"),
  "cvm/instance": ofCvm,
  "cvm/volume": ofCvm,
  "cvm/ps": always("InvalidParameterValue.Range"),
  "cam/role": always("InvalidParameter.TagParamError", "InvalidParameter.TagLimitExceeded"),
  "cam/policy": always("InvalidParameter.ParamError"),
  // No action of CAM's takes tags for a user.
  "cam/uin": always("InvalidParameter.ParamError"),
};

const ofTagService: Refusals = {
  keyLength: "InvalidParameterValue.TagKeyLengthExceeded",
  key: "InvalidParameterValue.TagKeyCharacterIllegal",
  reserved: "InvalidParameter.ReservedTagKey",
  valueLength: "InvalidParameterValue.TagValueLengthExceeded",
  value: "InvalidParameterValue.TagValueCharacterIllegal",
  quota: "LimitExceeded.ResourceAttachedTags",
};

/** As the tags' page on limits has them (document/product/651/13354); of characters only what no spelling of it allows. */
function check(tags: ApiTag[], codes: Refusals): void {
  const illegal = (text: string) => text !== text.trim() || /[\p{Cc}\p{Cs}!"#$%&'*?\\^`{|}~]/u.test(text);
  for (const { Key, Value = "" } of tags) {
    if (Key.length === 0 || [...Key].length > 127) {
      throw new CloudError(codes.keyLength, `The tag key '${Key}' must have 1 to 127 characters.`);
    }
    if (/^(qcs:|project:|项目)/.test(Key)) {
      throw new CloudError(codes.reserved, `The tag key '${Key}' is reserved by the system.`);
    }
    if (illegal(Key)) throw new CloudError(codes.key, `The tag key '${Key}' contains illegal characters.`);
    if ([...Value].length > 255) {
      throw new CloudError(codes.valueLength, `The value of tag '${Key}' must have at most 255 characters.`);
    }
    if (illegal(Value)) throw new CloudError(codes.value, `The value of tag '${Key}' contains illegal characters.`);
  }
  if (new Set(tags.map(({ Key }) => Key)).size > limit) {
    throw new CloudError(codes.quota, `A resource can have at most ${limit} tags.`);
  }
}

export class TagStore {
  readonly #tags = new Map<string, Map<string, string>>();

  /** Tags that come with a new resource: all of them, or a refusal. */
  add(kind: TagKind, id: string, tags: ApiTag[] = []): void {
    check(tags, refusals[kind]);
    this.#put(`${kind}/${id}`, tags);
  }

  /** Tags that the tag service gives to a resource that is there: all of them, or a refusal. */
  replace(resource: string, tags: ApiTag[]): void {
    const present = [...(this.#tags.get(resource) ?? [])].map(([Key, Value]) => ({ Key, Value }));
    check([...present, ...tags], ofTagService);
    this.#put(resource, tags);
  }

  #put(resource: string, tags: ApiTag[]): void {
    const all = this.#tags.get(resource) ?? new Map<string, string>();
    for (const { Key, Value = "" } of tags) all.set(Key, Value);
    if (all.size > 0) this.#tags.set(resource, all);
  }

  remove(resource: string, key: string): void {
    this.#tags.get(resource)?.delete(key);
  }

  of(kind: string, id: string): { Key: string; Value: string }[] {
    return [...(this.#tags.get(`${kind}/${id}`) ?? [])].map(([Key, Value]) => ({ Key, Value }));
  }

  /** With the resource go its tags. */
  drop(kind: TagKind, id: string): void {
    this.#tags.delete(`${kind}/${id}`);
  }
}

/** Tags of a TagSpecification that are meant for this kind of resource, checked before anything is made. */
export function tagsFor(specification: TagSpecification[] | undefined, kind: TagKind): ApiTag[] {
  const type = kind.replace(/^.*\//, "");
  const tags = (specification ?? []).filter(({ ResourceType }) => ResourceType === type).flatMap(({ Tags }) => Tags);
  check(tags, refusals[kind]);
  return tags;
}
