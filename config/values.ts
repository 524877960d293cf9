/** From the text that Pulumi keeps to values, and from values to words for a person. */
import { shown } from "../render/shown.ts";
import { distance } from "../render/words.ts";

/** The types of the `config` block in Pulumi.yaml. */
export type ValueType = "string" | "integer" | "boolean" | "array" | "object";

/**
 * Pulumi hands over every value as text, lists and objects as JSON. Empty text is "not set": Pulumi.yaml needs a default
 * for each optional key, and some have none that could be written down. A list may also be a line with commas. Text of the
 * wrong type comes back as it is.
 */
export function decode(type: ValueType, text: string): unknown {
  if (text === "") return undefined;
  if (type === "string") return text;
  if (type === "integer") return /^-?\d+$/.test(text) ? Number(text) : text;
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type === "array" && !/^\s*[[{]/.test(text)) return text.split(",").map(item);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** One of a list that is written with commas, as on a command line or where `pulumi new` asks for it. */
const item = (text: string): string | number => (/^\s*\d+\s*$/.test(text) ? Number(text) : text.trim());

/** Where a value stands, as `pulumi config set --path` takes it: sshCidrs[0], nodeAddresses.a, tags["cost centre"]. */
export const pathText = (path: PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = String(part);
    if (!/^[\w:-]+$/.test(name)) return `${text}[${shown(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");

/** The value at a path, undefined where there is none of its own: `constructor` is in every object. */
export const valueAt = (value: unknown, path: PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, part) => ownValue(inner, part), value);

/** What stands under a key in the value itself, and not in what all objects have. */
export const ownValue = (value: unknown, key: PropertyKey): unknown =>
  value !== null && typeof value === "object" && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;

/** The known word closest to a mistyped one, null when none is close. */
export function nearest(word: string, known: string[]): string | null {
  const lower = word.toLowerCase();
  const extra = (name: string) => Math.abs(name.length - word.length);
  const ranked = known
    .map((name) => ({ name, edits: distance(lower, name.toLowerCase()) }))
    // Two letters that changed places are two edits, but no other length.
    .sort((x, y) => x.edits - y.edits || extra(x.name) - extra(y.name));
  const best = ranked[0];
  return best && best.edits <= Math.max(2, Math.floor(word.length / 3)) ? best.name : null;
}
