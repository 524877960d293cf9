/** `npm run ha`: the operator's command, on a stack's nodes or on the lab's. Thin: arguments in, exit code out. */
import { nodeNames } from "../../render/model.ts";
import { isSystems, messageOf } from "../../terminal/problem.ts";
import { goesOnUnread } from "../../terminal/reader.ts";
import { bundle } from "./commands/bundle.ts";
import { drill, drillFrom } from "./commands/drill.ts";
import { failover, failoverFrom } from "./commands/failover.ts";
import { followLogs } from "./commands/follow.ts";
import { history } from "./commands/history.ts";
import { writeKey } from "./commands/key.ts";
import { logs, sinceFrom } from "./commands/logs.ts";
import { maintenance, maintenanceFrom } from "./commands/maintenance.ts";
import { scheduled, scheduledFrom } from "./commands/scheduled.ts";
import { selfTest } from "./commands/selfTest.ts";
import { status } from "./commands/status.ts";
import { statusAll } from "./commands/statusAll.ts";
import { switchover, wishFrom } from "./commands/switchover.ts";
import { everyFrom, watch } from "./commands/watch.ts";
import { readOptions } from "./options.ts";
import { login } from "./reach/ssh.ts";
import { findAllTargets, findTarget } from "./reach/target.ts";
import { Refusal } from "./refusal.ts";

export const usage = `npm run ha -- status [--json]              who is MASTER, where the VIP is, since when and why
    --all                                    a line for each pair of all stacks of the backend, the worst first
    --watch [SECONDS]                        the same screen alive (every 2 s), with the last events; Ctrl-C ends
npm run ha -- switchover [--to a|b] [--yes] [--json]  hand the VIP to the other node, make before break
    --at TIME                                at 2026-11-29T03:00:00+08:00, 03:00 or +2h: the MASTER keeps it until then
    --drop                                   drop the one that is kept
    --wait                                   with keepConnections: until the connections have ended that the old node keeps
    --for 2h --reason TEXT                   standing-master: how long the preferred node then stays away (1h), and why
npm run ha -- maintenance on|off a|b [--yes] [--json]  keep a node from being MASTER; a MASTER hands the VIP over first
    --for 2h --reason TEXT                   how long (1h), and why; it ends by itself
npm run ha -- failover a|b [--yes] [--json]  make a node MASTER where nobody is; says what may be lost, and asks for it
    --reason TEXT                            why, for the history
npm run ha -- self-test [--json]           every prerequisite of a failover, both nodes side by side
npm run ha -- logs [--since 1h] [--json]   what both nodes say of keepalived and of the service, merged by time
    --follow                                 and what they say from now on; Ctrl-C ends
    --bundle FILE                            all for a support case into a .tar.gz, secrets masked
npm run ha -- history [--since 7d] [--json] each move of the VIP: when, from where to where, how long, and why
npm run ha -- drill [--json]                 a fault on purpose: the plan, and whether it could be carried out; changes nothing
    --run [--yes]                            carry it out, after asking; writes drill-TIME/report.html, .json and .md
    --fault NAME,... --really                only these, in this order: switch, keepalived-stop, keepalived-kill,
                                             service-kill, partition, power (a forced reboot, only with --really)
    --from other|here|URL --within 5s        who asks the VIP meanwhile; how long it may be without an answer
    --out DIR                                another folder for the report
npm run ha -- ssh a|b [command ...]          log in to a node, or run a command there, as its login's user
npm run ha -- key FILE                       write the nodes' private key; without FILE to standard output
where:
    --stack NAME, --cwd DIR                  a Pulumi stack, and the folder of its project; without them the selected one
    --identity FILE                          another private key for its nodes than the stack's own
    --lab [NAME]                             the pair of a lab; also taken when one runs and no stack is set up here
status exits with 0 healthy, 1 degraded, 2 down, 3 could not tell, of --all with the code of the first line;
self-test with 0 all pass, 1 something does not, 3 a node could not be asked; logs and history with 0 both answered, 1 one, 3 none;
switchover, failover and maintenance with 0 done, 3 no pair was found, 4 refused and nothing has changed, 5 moved but incomplete, 6 result unknown;
drill with 0 as promised, or the plan could be carried out, 1 not as promised, 2 stopped, 3 no pair was found, 4 refused;
ssh with the exit code of what ran; 64 is wrong usage, 3 also what this machine refuses, as with a full disk.`;

async function main(argv: string[]): Promise<number> {
  const { command, words, values, onNode } = readOptions(argv, usage);
  const [argument, second] = words;
  if (command === null) {
    console.log(usage);
    return 0;
  }
  if (command === "status") {
    const everyS = values.watch === undefined ? null : everyFrom(values.watch);
    if (values.all) {
      if (everyS !== null) throw new Refusal("--all excludes --watch.", 64);
      return statusAll(await findAllTargets(values), values);
    }
    const target = await findTarget(values);
    return everyS === null ? status(target, values) : watch(target, everyS, values);
  }
  if (command === "self-test") return selfTest(await findTarget(values), values);
  if (command === "logs") {
    const sinceS = sinceFrom(values.since ?? "1h");
    if (values.bundle !== undefined) {
      if (values.follow || values.json) throw new Refusal("--bundle excludes --follow and --json.", 64);
      return bundle(await findTarget(values), sinceS, values.bundle);
    }
    const target = await findTarget(values);
    return values.follow ? followLogs(target, sinceS, values) : logs(target, sinceS, values);
  }
  if (command === "history") {
    const sinceS = sinceFrom(values.since ?? "7d");
    return history(await findTarget(values), sinceS, values);
  }
  if (command === "drill") {
    const wish = drillFrom(values);
    return drill(await findTarget(values), wish);
  }
  if (command === "key") return writeKey(await findTarget(values), argument);
  if (command === "ssh") {
    const node = nodeNames.find((name) => name === argument);
    if (!node) throw new Refusal(`"${argument ?? ""}" is no node; the nodes are a and b.`, 64);
    return login(await findTarget(values), node, onNode);
  }
  if (command === "maintenance") {
    const wish = maintenanceFrom(argument, second, values);
    return maintenance(await findTarget(values), wish);
  }
  if (command === "failover") {
    const wish = failoverFrom(argument, values);
    return failover(await findTarget(values), wish);
  }
  if (values.at !== undefined || values.drop) {
    const wish = scheduledFrom(values);
    return scheduled(await findTarget(values), wish);
  }
  const wish = wishFrom(values);
  return switchover(await findTarget(values), wish);
}

if (import.meta.main) {
  goesOnUnread();
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = error instanceof Refusal ? error.code : isSystems(error) ? 3 : 64;
  }
}
