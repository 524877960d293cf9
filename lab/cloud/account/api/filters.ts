import { CloudError, isId } from "./errors.ts";

export interface ApiFilter {
  Name: string;
  Values: string[];
}

/** How many of something an action takes, and its code for more. */
export interface Most {
  most: number;
  code: string;
}

/** What an action that lists things takes as its question, and its codes for what it doesn't take. */
export interface QueryRules {
  /** Ids together with filters (of any name, or of one only); null where they may go together. */
  both: string | null;
  bothFilter?: string;
  malformedId: string;
  ids: Most;
  filters: Most;
  /** Of one filter. */
  values: Most;
  unknownFilter: string;
  /** Whether there is a filter `tag-value`, beside `tag-key` and `tag:KEY`, which all have. */
  tagValues?: boolean;
  offset: string;
  limit: string;
}

const tooMany = "InvalidParameterValue.LimitExceeded";

/**
 * Most actions of the vpc API. Its text says 100 ids; 10 filters with 5 values are said of its gateways, and of all of
 * the cvm API.
 */
export const vpcQuery: QueryRules = {
  both: "InvalidParameter.Coexist",
  malformedId: "InvalidParameterValue.Malformed",
  ids: { most: 100, code: tooMany },
  filters: { most: 10, code: tooMany },
  values: { most: 5, code: tooMany },
  unknownFilter: "InvalidParameter.FilterInvalidKey",
  offset: "InvalidParameterValue.Range",
  limit: "InvalidParameterValue.Range",
};

/** Most actions of the cvm API. */
export const cvmQuery: QueryRules = {
  both: "InvalidParameter",
  malformedId: "InvalidInstanceId.Malformed",
  ids: { most: 100, code: tooMany },
  filters: { most: 10, code: "InvalidFilterValue.LimitExceeded" },
  values: { most: 5, code: "InvalidFilterValue.LimitExceeded" },
  unknownFilter: "InvalidFilter",
  tagValues: true,
  offset: tooMany,
  limit: tooMany,
};

/** For an action that has hardly any code but one. */
export const queryOf = (code: string, unknownFilter: string): QueryRules => ({
  both: code,
  malformedId: code,
  ids: { most: 100, code },
  filters: { most: 10, code },
  values: { most: 5, code },
  unknownFilter,
  tagValues: true,
  offset: code,
  limit: code,
});

/** Refuses a list that is longer than the action takes. */
export function atMost(name: string, list: unknown[] | undefined, { most, code }: Most): void {
  if (list && list.length > most)
    throw new CloudError(code, `At most ${most} ${name} can be given, not ${list.length}.`);
}

/** Refuses a question that is too long, malformed, or two at once. `prefix` is that of the ids. */
export function checkQuery(
  request: { Filters?: ApiFilter[] },
  ids: string[] | undefined,
  prefix: string,
  rules: QueryRules,
): void {
  const filters = request.Filters ?? [];
  const excluding = filters.find(({ Name }) => Name === (rules.bothFilter ?? Name));
  if (rules.both !== null && ids && ids.length > 0 && excluding) {
    throw new CloudError(rules.both, `Ids and the filter '${excluding.Name}' cannot be used together.`);
  }
  atMost("ids", ids, rules.ids);
  atMost("filters", filters, rules.filters);
  for (const { Name, Values } of filters) atMost(`values of the filter '${Name}'`, Values, rules.values);
  const malformed = ids?.find((id) => !isId(id, prefix));
  if (malformed !== undefined) throw new CloudError(rules.malformedId, `The id '${malformed}' is malformed.`);
}

/** The values of a thing that a filter looks at. */
type Read<T> = (thing: T) => (string | undefined)[];

/** How a filter looks at a thing: by equality of any of its values, or in a way of its own. */
export type Reader<T> = Read<T> | { fits(thing: T, values: string[]): boolean };
export type Readers<T> = Record<string, Reader<T>>;

/** Any part of the text will do. */
export const byPart = <T>(read: Read<T>): Reader<T> => ({
  fits: (thing, values) => read(thing).some((text) => values.some((value) => text?.includes(value))),
});

/** Of several values the first one counts alone. */
export const byFirst = <T>(read: Read<T>): Reader<T> => ({
  fits: (thing, [value]) => value !== undefined && read(thing).includes(value),
});

/** What nothing here has: it finds nothing. */
export const nothing = () => [];

type TagsOf<T> = (thing: T) => { Key: string; Value: string }[];

function readerOf<T>(name: string, readers: Readers<T>, tagsOf: TagsOf<T> | null, tagValues: boolean) {
  // Names come from the caller: what every object has is no filter.
  if (Object.hasOwn(readers, name)) return readers[name];
  if (tagsOf === null) return undefined;
  if (name === "tag-key") return (thing: T) => tagsOf(thing).map(({ Key }) => Key);
  if (name === "tag-value" && tagValues) return (thing: T) => tagsOf(thing).map(({ Value }) => Value);
  if (!name.startsWith("tag:")) return undefined;
  return (thing: T) => tagsOf(thing).flatMap(({ Key, Value }) => (Key === name.slice(4) ? [Value] : []));
}

/**
 * Those that fit every filter. Names that the API's description does not have are refused, as the cloud does.
 * @param tagsOf null: these things have no tags
 */
export function select<T>(
  things: Iterable<T>,
  filters: ApiFilter[] | undefined,
  readers: Readers<T>,
  tagsOf: TagsOf<T> | null,
  { unknownFilter, tagValues = false }: Pick<QueryRules, "unknownFilter" | "tagValues">,
): T[] {
  let chosen = [...things];
  for (const { Name, Values } of filters ?? []) {
    const reader = readerOf(Name, readers, tagsOf, tagValues);
    if (!reader) throw new CloudError(unknownFilter, `The filter '${Name}' is not supported.`);
    const fits =
      typeof reader === "object"
        ? reader.fits
        : (thing: T, values: string[]) => reader(thing).some((value) => value !== undefined && values.includes(value));
    chosen = chosen.filter((thing) => fits(thing, Values));
  }
  return chosen;
}

/** One page. VPC's older actions take numbers as strings. */
export function page<T>(
  things: T[],
  request: { Offset?: number | string; Limit?: number | string },
  codes: Pick<QueryRules, "offset" | "limit">,
): T[] {
  const offset = Number(request.Offset ?? 0);
  const limit = Number(request.Limit ?? 20);
  if (!Number.isInteger(offset) || offset < 0) throw outOfRange(codes.offset, "Offset", request.Offset, "from 0");
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw outOfRange(codes.limit, "Limit", request.Limit, "1 to 100");
  }
  return things.slice(offset, offset + limit);
}

const outOfRange = (code: string, name: string, value: unknown, allowed: string) =>
  new CloudError(code, `The value '${String(value)}' of parameter \`${name}\` is out of range: ${allowed}.`);
