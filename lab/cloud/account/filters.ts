import { CloudError } from "./errors.ts";

export interface ApiFilter {
  Name: string;
  Values: string[];
}

/** What an action that lists things answers to a bad question. */
export interface QueryCodes {
  unknownFilter: string;
  offset: string;
  limit: string;
}

const vpcPage = "InvalidParameterValue.Range";
/** Most actions of the vpc API. */
export const vpcQuery: QueryCodes = {
  unknownFilter: "InvalidParameter.FilterInvalidKey",
  offset: vpcPage,
  limit: vpcPage,
};

const cvmPage = "InvalidParameterValue.LimitExceeded";
/** Most actions of the cvm API. */
export const cvmQuery: QueryCodes = { unknownFilter: "InvalidFilter", offset: cvmPage, limit: cvmPage };

/** How to read the values of one filter name from a thing. */
export type Readers<T> = Record<string, (thing: T) => (string | undefined)[]>;

/** Those that fit every filter, by equality with any of its values. Names not listed are refused, as the cloud does. */
export function select<T>(
  things: Iterable<T>,
  filters: ApiFilter[] | undefined,
  readers: Readers<T>,
  tagsOf: (thing: T) => { Key: string; Value: string }[],
  codes: QueryCodes,
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
    if (!read) throw new CloudError(codes.unknownFilter, `The filter '${Name}' is not supported.`);
    chosen = chosen.filter((thing) => read(thing).some((value) => value !== undefined && Values.includes(value)));
  }
  return chosen;
}

/** One page. VPC's older actions take numbers as strings. */
export function page<T>(
  things: T[],
  request: { Offset?: number | string; Limit?: number | string },
  codes: Pick<QueryCodes, "offset" | "limit">,
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
