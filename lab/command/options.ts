/** What can be typed behind each command of the lab. */
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

const known = {
  engine: { type: "string", default: "auto" },
  set: { type: "string", multiple: true, default: [] },
  json: { type: "boolean", default: false },
  how: { type: "string" },
  behaviour: { type: "string" },
  left: { type: "boolean", default: false },
  purge: { type: "boolean", default: false },
  pair: { type: "string" },
  profile: { type: "string" },
  compare: { type: "boolean", default: false },
  repair: { type: "boolean", default: false },
  faster: { type: "string", default: "1" },
} satisfies ParseArgsOptionsConfig;

/** The options of each command; null where the rest of the line is another program's. docs/lab.md has the same, held by a test. */
export const optionsOf = {
  up: ["engine", "set", "behaviour", "profile", "repair"],
  status: ["json", "pair"],
  client: null,
  fail: ["how", "pair"],
  heal: ["pair"],
  ssh: null,
  monitor: ["faster", "pair"],
  cloud: ["behaviour"],
  world: ["compare"],
  pulumi: null,
  journal: ["json", "left"],
  destroy: [],
  down: ["purge"],
} as const satisfies Record<string, readonly (keyof typeof known)[] | null>;

export type CommandName = keyof typeof optionsOf;

/**
 * What was typed behind a command.
 * @param words how many words it takes at most beside its options
 * @throws Error that names what does not belong there
 */
export function readOptions(command: CommandName, args: string[], words = 0) {
  const { values, positionals, tokens } = parseArgs({ args, allowPositionals: true, tokens: true, options: known });
  const allowed: readonly string[] = optionsOf[command] ?? [];
  const foreign = tokens.find((token) => token.kind === "option" && !allowed.includes(token.name));
  const wrong = foreign?.kind === "option" ? foreign.rawName : positionals[words];
  if (wrong !== undefined) {
    const takes = `this command takes ${allowed.map((one) => `--${one}`).join(", ") || "no options"}.`;
    const meant = allowed.includes("set") && wrong.includes("=") ? `did you mean --set ${wrong}?` : takes;
    throw new Error(`"${wrong}" does not belong here; ${meant}`);
  }
  return { ...values, positionals };
}
