/** What can be typed behind each command, and what was typed. */
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { Refusal } from "./refusal.ts";

/** Which pair is meant: every command takes these. */
const where = {
  stack: { type: "string" },
  cwd: { type: "string" },
  identity: { type: "string" },
  lab: { type: "string" },
} satisfies ParseArgsOptionsConfig;

export const options = {
  to: { type: "string" },
  yes: { type: "boolean", default: false },
  at: { type: "string" },
  drop: { type: "boolean", default: false },
  wait: { type: "boolean", default: false },
  for: { type: "string" },
  reason: { type: "string" },
  since: { type: "string" },
  follow: { type: "boolean", default: false },
  bundle: { type: "string" },
  watch: { type: "string" },
  all: { type: "boolean", default: false },
  run: { type: "boolean", default: false },
  really: { type: "boolean", default: false },
  fault: { type: "string" },
  from: { type: "string", multiple: true },
  within: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean", default: false },
  ...where,
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

export type OptionName = keyof typeof options;
export const whereNames = Object.keys(where) as (keyof typeof where)[];

interface Takes {
  /** How many arguments at most. */
  words: number;
  options: readonly OptionName[];
}

/** What each command takes beside `where`. Its help and docs/ha.md have the same, held by a test. */
export const commands = {
  status: { words: 0, options: ["all", "watch", "json"] },
  switchover: {
    words: 0,
    options: ["to", "at", "drop", "wait", "for", "reason", "yes", "json"],
  },
  maintenance: { words: 2, options: ["for", "reason", "yes", "json"] },
  failover: { words: 1, options: ["reason", "yes", "json"] },
  "self-test": { words: 0, options: ["json"] },
  logs: { words: 0, options: ["since", "follow", "bundle", "json"] },
  history: { words: 0, options: ["since", "json"] },
  drill: { words: 0, options: ["run", "fault", "really", "from", "within", "out", "yes", "json"] },
  ssh: { words: 1, options: [] },
  key: { words: 1, options: [] },
} as const satisfies Record<string, Takes>;

export type CommandName = keyof typeof commands;

/** Options that may stand alone, and what they mean then. */
const alone: Record<string, string> = { "--lab": process.env.LAB_NAME ?? "lab", "--watch": "2" };

const withDefaults = (args: string[]): string[] =>
  args.flatMap((arg, n) => {
    const next = args[n + 1];
    const meant = alone[arg];
    return meant !== undefined && (next === undefined || next.startsWith("-")) ? [arg, meant] : [arg];
  });

/** What follows `ssh a` is a command of the node's, its options too; of ours only those between the two that say which pair. */
function withoutCommand(args: string[]): { own: string[]; onNode: string[] } {
  const { tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true });
  const [verb, node] = tokens.filter(({ kind }) => kind === "positional");
  if (verb?.kind !== "positional" || verb.value !== "ssh" || !node) return { own: args, onNode: [] };
  let end = node.index + 1;
  for (let word = args[end]; word !== undefined; word = args[end]) {
    const [option, value] = word.split("=", 2);
    if (!whereNames.some((name) => option === `--${name}`)) break;
    const next = args[end + 1];
    end += value === undefined && next !== undefined && !next.startsWith("-") ? 2 : 1;
  }
  const rest = args.slice(end);
  return { own: args.slice(0, end), onNode: rest[0] === "--" ? rest.slice(1) : rest };
}

/**
 * What was typed.
 * @returns command null for the help; onNode what is to run there, of `ssh`
 * @throws Refusal with code 64 that names what does not belong there, and what does
 */
export function readOptions(argv: string[], usage: string) {
  const { own, onNode } = withoutCommand(argv);
  const args = withDefaults(own);
  const { tokens, values: given } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true });
  const [name, ...words] = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  if (given.help === true || name === "help") return { command: null, words, values: readValues([]), onNode };
  if (name === undefined) throw new Refusal(usage, 64);
  if (!isCommand(name)) throw new Refusal(`There is no command "${name}".\n\n${usage}`, 64);
  const { words: most, options: its } = commands[name];
  const takes: readonly string[] = [...its, ...whereNames];
  const foreign = tokens.find((token) => token.kind === "option" && !takes.includes(token.name));
  if (foreign?.kind === "option") {
    const known = its.length > 0 ? `it takes ${dashed(its)}, and as` : "it takes what";
    throw new Refusal(`${foreign.rawName} is no option of ${name}; ${known} every command ${dashed(whereNames)}.`, 64);
  }
  if (words.length > most) throw new Refusal(`"${words[most]}" is one word too many for ${name}.\n\n${usage}`, 64);
  return { command: name, words, values: readValues(args), onNode };
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);
const dashed = (names: readonly string[]): string => names.map((name) => `--${name}`).join(", ");
/** @throws Error that names the option whose value is missing, or is none */
const readValues = (args: string[]) => parseArgs({ args, options, allowPositionals: true }).values;

export type Values = ReturnType<typeof readValues>;
