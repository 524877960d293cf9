/** `pulumi config set --path` for people without Pulumi: sshCidrs[0]=…, nodeAddresses.a=…, tags["cost centre"]=… */
import { ownValue } from "./values.ts";

/** Takes `sshCidrs[0]` apart into `sshCidrs` and 0. */
function parsePath(path: string): (string | number)[] {
  const part = /(?:^|\.)([^.[\]"]+)|\[(\d+)\]|\["([^"]*)"\]/gy;
  const parts: (string | number)[] = [];
  while (part.lastIndex < path.length) {
    const [whole, name, index, quoted] = part.exec(path) ?? [];
    if (whole === undefined) {
      throw new Error(
        `"${path}" is not a path; allowed: for example mode, sshCidrs[0], nodeAddresses.a, tags["my key"]`,
      );
    }
    parts.push(index === undefined ? (name ?? quoted ?? "") : Number(index));
  }
  return parts;
}

/** Inside lists and objects Pulumi stores true, false and whole numbers as such. */
const typed = (text: string): unknown =>
  text === "true" || text === "false" || /^(0|-?[1-9]\d{0,14})$/.test(text) ? (JSON.parse(text) as unknown) : text;

function put(container: unknown, [head, ...rest]: (string | number)[], value: unknown, path: string): unknown {
  if (head === undefined) return value;
  if (typeof head === "number") {
    const items: unknown[] = Array.isArray(container) ? [...container] : [];
    if (head > items.length)
      throw new Error(`${path}: the list has ${items.length} items; allowed: 0 to ${items.length}`);
    items[head] = put(items[head], rest, value, path);
    return items;
  }
  const record = container !== null && typeof container === "object" && !Array.isArray(container) ? container : {};
  return { ...record, [head]: put(ownValue(record, head), rest, value, path) };
}

/** The settings (text per key, lists and objects as JSON) with one value put at a path. */
export function withPath(settings: Record<string, string>, path: string, value: string): Record<string, string> {
  const [name, ...rest] = parsePath(path);
  if (typeof name !== "string") throw new Error(`"${path}" must begin with a key`);
  if (rest.length === 0) return { ...settings, [name]: value };
  let before: unknown;
  try {
    before = JSON.parse(String(ownValue(settings, name) ?? "null")) as unknown;
  } catch {
    before = undefined;
  }
  return { ...settings, [name]: JSON.stringify(put(before, rest, typed(value), path)) };
}
