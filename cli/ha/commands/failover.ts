/** `npm run ha -- failover`: makes a node MASTER where nobody is, once a person has said so in words. */
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { someoneIsHere, words } from "../../../terminal/ask.ts";
import { folded } from "../../../terminal/fold.ts";
import { spoken } from "../../../terminal/printable.ts";
import { failoverText, notServing, planFailover } from "../pair/failover.ts";
import { asked } from "../reach/asker.ts";
import { onNode, quoted } from "../reach/ssh.ts";
import { nameOf, type Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { look } from "./status.ts";
import { done, incomplete, refused, unknown, verify } from "./switchover.ts";

/** The node starts two services, the first start since its boot listens for the peer, and waits 30 s for the cloud. */
const limitMs = 120_000;
/** Of the node's vip.py. */
const wrongUsage = 3;

export interface FailoverWish {
  node: NodeName;
  yes: boolean;
  reason: string;
}

/** What was typed, checked before any pair is looked for. @throws Refusal with code 64 */
export function failoverFrom(name: string | undefined, options: { yes: boolean; reason?: string | undefined }) {
  const node = nodeNames.find((one) => one === name);
  if (!node) throw new Refusal("Which node is to be MASTER? npm run ha -- failover a|b", 64);
  return { node, yes: options.yes, reason: options.reason ?? "nobody was MASTER" } satisfies FailoverWish;
}

/** Exit codes as `switchover` has them. */
export async function failover(target: Target, { node, yes, reason }: FailoverWish): Promise<number> {
  console.log(target.title);
  const plan = planFailover(await look(target), node);
  if (typeof plan === "string") throw new Refusal(`Refused, nothing has changed: ${plan}.`, refused);
  console.log(folded(failoverText(plan, target)));
  if (!yes) await named(target);
  const command = asked(`failover --reason ${quoted(reason)}`);
  const { code, stderr } = await onNode(target, node, command, limitMs, (line) => console.log(spoken(node, line)));
  if (stderr) console.log(spoken(node, stderr));
  if (code === refused || code === wrongUsage) {
    const earlier = `: an earlier release is on ${node}, which knows no failover; npm run up brings this one`;
    console.log(`Refused, nothing has changed${code === wrongUsage ? earlier : ""}.`);
    return refused;
  }
  const open = (view: Awaited<ReturnType<typeof look>>) => notServing(view, node);
  return verify(target, node, open, { tell: console.log, code: code === done || code === incomplete ? code : unknown });
}

/** @throws Refusal unless whoever sits here has typed which pair this is about */
async function named(target: Target): Promise<void> {
  if (!someoneIsHere()) throw new Refusal("Nobody can be asked here, nothing has changed. To go on: --yes", refused);
  const name = nameOf(target);
  const typed = await words(`To go on, type the name of the pair, ${name}:`);
  if (typed !== name) throw new Refusal("Nothing has changed.", refused);
}
