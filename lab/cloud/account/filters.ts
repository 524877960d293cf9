import { CloudError } from "./errors.ts";

export interface ApiFilter {
  Name: string;
  Values: string[];
}

/** How to read the values of one filter name from a thing. */
export type Readers<T> = Record<string, (thing: T) => (string | undefined)[]>;

/** Those that fit every filter, by equality with any of its values. Names not listed are refused, as the cloud does. */
export function select<T>(
  things: Iterable<T>,
  filters: ApiFilter[] | undefined,
  readers: Readers<T>,
  tagsOf: (thing: T) => { Key: string; Value: string }[],
  unknownCode: string,
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
    if (!read) throw new CloudError(unknownCode, `The filter '${Name}' is not supported.`);
    chosen = chosen.filter((thing) => read(thing).some((value) => value !== undefined && Values.includes(value)));
  }
  return chosen;
}

/** One page. VPC's older actions take numbers as strings. */
export function page<T>(things: T[], request: { Offset?: number | string; Limit?: number | string }): T[] {
  const offset = Number(request.Offset ?? 0);
  const limit = Number(request.Limit ?? 20);
  if (!Number.isInteger(offset) || offset < 0) throw tooFar("Offset", request.Offset);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw tooFar("Limit", request.Limit);
  return things.slice(offset, offset + limit);
}

const tooFar = (name: string, value: unknown) =>
  new CloudError(
    "InvalidParameterValue.Range",
    `The value '${String(value)}' of parameter \`${name}\` is out of range (Offset from 0, Limit 1 to 100).`,
  );
