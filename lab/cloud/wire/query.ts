/** The parameters of a GET request: `Filters.0.Values.1=x`, typed by the API's description. */
import { CloudError } from "../account/api/errors.ts";
import type { Json } from "../account/records.ts";
import { fieldType } from "./shape.ts";

type Tree = Map<string, Tree | string>;

/** Deeper than any request's description. */
const deepest = 12;

function treeOf(query: string): Tree {
  const root: Tree = new Map();
  for (const [path, value] of new URLSearchParams(query)) {
    const names = path.split(".");
    if (names.length > deepest) throw new CloudError("InvalidParameter", `The parameter \`${names[0]}\` is not valid.`);
    const last = names.pop() ?? "";
    let at = root;
    for (const name of names) {
      const below = at.get(name) ?? new Map();
      if (typeof below === "string")
        throw new CloudError("InvalidParameter", `The parameter \`${path}\` is not valid.`);
      at.set(name, below);
      at = below;
    }
    at.set(last, value);
  }
  return root;
}

/** A text that is not of the described type stays a text, for the check of the request to refuse it by name. */
function typed(service: string, type: string, value: Tree | string): unknown {
  if (typeof value !== "string") return objectOf(service, type, value);
  if (/^(u?int64|float)$/.test(type) && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (type === "bool" && /^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  return value;
}

function objectOf(service: string, object: string, tree: Tree): Json {
  const fields = [...tree].map(([name, value]): [string, unknown] => {
    const type = fieldType(service, object, name);
    if (!type?.list || typeof value === "string") return [name, typed(service, type?.base ?? "string", value)];
    const entries = [...value].sort(([one], [other]) => Number(one) - Number(other));
    return [name, entries.map(([, entry]) => typed(service, type.base, entry))];
  });
  return Object.fromEntries(fields);
}

export const fromQuery = (service: string, object: string, query: string): Json =>
  objectOf(service, object, treeOf(query));
