/** Tags of everything in the account: one store, however they were given. */
import { CloudError } from "./errors.ts";
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
  | "cam/policy";

const limit = 50;

function check({ Key, Value = "" }: ApiTag): void {
  if (Key.length === 0 || Key.length > 127) {
    throw new CloudError(
      "InvalidParameterValue.TagKeyLengthExceeded",
      `The tag key '${Key}' must have 1 to 127 characters.`,
    );
  }
  if (Value.length > 255) {
    throw new CloudError(
      "InvalidParameterValue.TagValueLengthExceeded",
      `The value of tag '${Key}' must have at most 255 characters.`,
    );
  }
}

export class TagStore {
  readonly #tags = new Map<string, Map<string, string>>();

  add(kind: TagKind, id: string, tags: ApiTag[] | undefined): void {
    for (const { Key, Value } of tags ?? []) this.put(`${kind}/${id}`, Key, Value ?? "");
  }

  put(resource: string, key: string, value: string): void {
    check({ Key: key, Value: value });
    const tags = this.#tags.get(resource) ?? new Map<string, string>();
    this.#tags.set(resource, tags);
    tags.set(key, value);
    if (tags.size > limit) {
      tags.delete(key);
      throw new CloudError("LimitExceeded.ResourceAttachedTags", `A resource can have at most ${limit} tags.`);
    }
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

/** Tags of a TagSpecification that are meant for this type of resource. */
export function tagsFor(specification: TagSpecification[] | undefined, type: string): ApiTag[] {
  const tags = (specification ?? []).filter(({ ResourceType }) => ResourceType === type).flatMap(({ Tags }) => Tags);
  for (const tag of tags) check(tag);
  return tags;
}
