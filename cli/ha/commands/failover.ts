/** `npm run ha -- failover`: makes a node MASTER where nobody is, once a person has said so in words. */
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { words } from "../../../terminal/ask.ts";
import { spoken } from "../../../terminal/printable.ts";
import { quoted } from "../../../terminal/shell.ts";
import { upCommand } from "../../../terminal/typed.ts";
import { failoverText, notServing, planFailover } from "../pair/failover.ts";
import { asked } from "../reach/asker.ts";
import { onNode } from "../reach/ssh.ts";
import { nameOf, type Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { look } from "./status.ts";
import { verify } from "./switchover.ts";
import { agree, done, incomplete, onNodes, refused, type Tell, told, unknown } from "./told.ts";

/** The node starts two services, the first start since its boot listens for the peer, and waits 30 s for the cloud. */
const limitMs = 120_000;
/** Of the node's vip.py. */
const wrongUsage = 3;

export interface FailoverWish {
  node: NodeName;
  yes: boolean;
  json: boolean;
  reason: string;
}

export interface FailoverOptions {
  yes: boolean;
  json: boolean;
  reason?: string | undefined;
}

/** What was typed, checked before any pair is looked for. @throws Refusal with code 64 */
export function failoverFrom(name: string | undefined, options: FailoverOptions): FailoverWish {
  const node = nodeNames.find((one) => one === name);
  if (!node) throw new Refusal("Which node is to be MASTER? npm run ha -- failover a|b", 64);
  const { yes, json, reason = "nobody was MASTER" } = options;
  return { node, yes, json, reason };
}

/** Exit codes as `switchover` has them. */
export const failover = (target: Target, wish: FailoverWish): Promise<number> =>
  told(target, { json: wish.json, about: { node: wish.node } }, (tell) => carryOut(target, wish, tell));

async function carryOut(target: Target, wish: FailoverWish, tell: Tell): Promise<number> {
  const { node } = wish;
  const plan = planFailover(await look(target), node);
  if (typeof plan === "string") throw new Refusal(`Refused, nothing has changed: ${plan}.`, refused);
  tell(failoverText(plan, target));
  await agree(wish, () => named(target));
  return onNodes(() => begin(target, wish, tell));
}

async function begin(target: Target, { node, reason }: FailoverWish, tell: Tell): Promise<number> {
  const command = asked(`failover --reason ${quoted(reason)}`);
  const { code, stderr } = await onNode(target, node, command, limitMs, (line) => tell(spoken(node, line)));
  if (stderr) tell(spoken(node, stderr));
  if (code === refused || code === wrongUsage) {
    const earlier = `: an earlier release is on ${node}, which knows no failover; ${upCommand()} brings this one`;
    tell(`Refused, nothing has changed${code === wrongUsage ? earlier : ""}.`);
    return refused;
  }
  const open = (view: Awaited<ReturnType<typeof look>>) => notServing(view, node);
  return verify(target, node, open, { tell, code: code === done || code === incomplete ? code : unknown });
}

/** Whether whoever sits here has typed which pair this is about. */
async function named(target: Target): Promise<boolean> {
  const name = nameOf(target);
  return (await words(`To go on, type the name of the pair, ${name}:`)) === name;
}
