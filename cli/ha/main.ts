/** `npm run ha`: the operator's command, on a stack's nodes or on the lab's. Thin: arguments in, exit code out. */
import { parseArgs } from "node:util";
import { Refusal } from "./refusal.ts";
import { status } from "./status.ts";
import { switchover, wishFrom } from "./switchover.ts";
import { findTarget } from "./target.ts";

const usage = `npm run ha -- status [--json]              who is MASTER, where the VIP is, since when and why
npm run ha -- switchover [--to a|b] [--yes]  hand the VIP to the other node, make before break
    --for 2h --reason TEXT                   standing-master: how long the preferred node then stays away (1h), and why
where:
    --stack NAME                             a Pulumi stack; without it the selected one
    --identity FILE                          the private key for its nodes; without it the config's sshPrivateKey
    --lab [NAME]                             the pair of a lab; also taken when one runs and no stack is set up here
status exits with 0 healthy, 1 degraded, 2 down, 3 could not tell;
switchover with 0 done, 3 no pair was found, 4 refused and nothing has changed, 5 moved but incomplete, 6 result unknown; 64 is wrong usage.`;

const options = {
  to: { type: "string" },
  yes: { type: "boolean", default: false },
  for: { type: "string" },
  reason: { type: "string" },
  json: { type: "boolean", default: false },
  stack: { type: "string" },
  identity: { type: "string" },
  lab: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** `--lab` may stand alone. */
const withLabName = (args: string[]): string[] =>
  args.flatMap((arg, n) => {
    const next = args[n + 1];
    return arg === "--lab" && (next === undefined || next.startsWith("-"))
      ? ["--lab", process.env.LAB_NAME ?? "lab"]
      : [arg];
  });

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: withLabName(argv), options, allowPositionals: true });
  const [command, ...more] = positionals;
  if (values.help || command === "help" || command === undefined) {
    console.log(usage);
    return command === undefined && !values.help ? 64 : 0;
  }
  if ((command !== "status" && command !== "switchover") || more.length > 0) {
    throw new Refusal(`There is no "${positionals.join(" ")}".\n\n${usage}`, 64);
  }
  if (command === "status") return status(await findTarget(values), values);
  const wish = wishFrom(values);
  return switchover(await findTarget(values), wish);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof Refusal ? error.code : 64;
}
