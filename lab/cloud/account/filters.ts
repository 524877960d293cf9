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

/** How to read the values of one filter name from a thing. */
export type Readers<T> = Record<string, (thing: T) => (string | undefined)[]>;

/** Those that fit every filter, by equality with any of its values. Names not listed are refused, as the cloud does. */
export function select<T>(
  things: Iterable<T>,
  filters: ApiFilter[] | undefined,
  readers: Readers<T>,
  tagsOf: (thing: T) => { Key: string; Value: string }[],
  { unknownFilter }: Pick<QueryRules, "unknownFilter">,
): T[] {
  let chosen = [...things];
  for (const { Name, Values } of filters ?? []) {
    const tagKey = Name.startsWith("tag:") ? Name.slice(4) : undefined;
    const read =
      tagKey === undefined
        ? readers[Name]
        : (thing: T) =>
            tagsOf(thing)
              .filter(({ Key }) => Key === tagKey)
              .map(({ Value }) => Value);
    if (!read) throw new CloudError(unknownFilter, `The filter '${Name}' is not supported.`);
    chosen = chosen.filter((thing) => read(thing).some((value) => value !== undefined && Values.includes(value)));
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
