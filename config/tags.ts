/**
 * Tags, by the cloud's own limits (https://www.tencentcloud.com/document/product/651/13354): what it would refuse half-way,
 * after the first things have been made, is refused here.
 */
import * as z from "zod";

const perResource = 50;
const nameLength = 127;
const valueLength = 255;
const marks = "+ - = . _ : / @ ( ) [ ] , ; > <";
export const tagsAllowed = `up to ${perResource} names with text values`;

/** Letters and digits of any script, spaces within, and the page's marks, in their wide forms too. */
const text = /^(?! )[\p{L}\p{M}\p{N} +\-=._:/@()[\],;><＋－＝／＠（）【】：]+(?<! )$/u;
const reserved = ["qcs:", "project:", "项目"];
/** In characters and not in UTF-16's halves, as the page counts. */
const fits = (given: string, most: number): boolean => text.test(given) && [...given].length <= most;

function nameProblem(name: string): string | null {
  if (reserved.some((prefix) => name.startsWith(prefix))) {
    return `names that don't begin with ${reserved.join(", ")}, which the cloud keeps for itself`;
  }
  // Objects of JavaScript, and so Pulumi's inputs, lose this one on the way.
  if (name === "__proto__") return "names other than __proto__, which would get lost";
  if (fits(name, nameLength)) return null;
  return `names of 1 to ${nameLength} letters, digits, spaces within and ${marks}`;
}

/** `pulumi config set --path tags.cost 42` keeps a number. */
const asText = (value: unknown): string | null =>
  ["string", "number", "boolean"].includes(typeof value) ? String(value) : null;

const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

/** zod's own record leaves out what it takes for harmful instead of refusing it. */
export const tagsSchema = z.unknown().transform((given, context): Record<string, string> => {
  const report = (message: string, ...path: string[]) => context.addIssue({ code: "custom", message, path });
  if (!isObject(given)) {
    report(tagsAllowed);
    return z.NEVER;
  }
  const names = Object.keys(given);
  if (names.length > perResource) report(`${tagsAllowed}, not ${names.length}`);
  const tags = names.map((name): [string, string] => {
    const value = asText(given[name]);
    const problem = nameProblem(name);
    if (problem !== null) report(problem, name);
    else if (value === null || !fits(value, valueLength)) {
      report(`1 to ${valueLength} letters, digits, spaces within and ${marks}`, name);
    }
    return [name, value ?? ""];
  });
  return Object.fromEntries(tags);
});
