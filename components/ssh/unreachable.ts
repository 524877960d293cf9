/** What is said, and done, when a node does not let the program in: the provider's own words name neither host nor setting. */
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { hasErrorHooks } from "./hooks.ts";
import type { Login } from "./login.ts";

/** What a user can look at. */
export interface Way {
  host: string;
  user: string;
  /** Name or address of the bastion, null without one. */
  bastion: string | null;
  /** Networks from which SSH is open, empty for the VPC; null where only the machine's own groups say so. */
  sshCidrs: string[] | null;
}

/** In words, what stands between the program and the node; null for an error of the command itself. */
export function hintFor(error: string, { host, user, bastion, sshCidrs }: Way): string | null {
  if (/running "/.test(error)) return null;
  const target = `${user}@${host}${bastion === null ? "" : ` through the bastion ${bastion}`}`;
  const look = `Look with: ssh ${bastion === null ? "" : `-J ${bastion} `}${user}@${host}. Then run the update again.`;
  if (/host key mismatch|no common algorithm for host key/.test(error)) {
    return `${target} shows another host key than is known of it: docs/runbook.md, section 13.`;
  }
  if (/unable to authenticate|no supported methods remain/.test(error)) {
    return `${target} refuses the user or the key (sshUser, sshPrivateKey, agentSocketPath, bastion). ${look}`;
  }
  if (!/\b(dial|proxy|handshake|connect)/.test(error)) return null;
  const from = bastion === null ? "the address that you go out with" : "the bastion's address";
  const open = sshCidrs?.join(", ") || "the VPC alone";
  const letIn =
    sshCidrs === null
      ? `The machine's own security groups have to let in ${from}.`
      : `SSH is open from ${open} (sshCidrs): ${from} has to be in there.`;
  return `${target} is not reached on port 22. ${letIn} ${look}`;
}

/** How often, and after what pause, a machine behind a bastion is tried once more: two minutes, as without one. */
const [mostTries, pauseMs] = [25, 5000];

/** Whether a node behind a bastion may just be booting. `errors`: of all tries so far, the newest first. */
export const mayBoot = (errors: string[], { bastion }: Way): boolean =>
  bastion !== null &&
  errors.length < mostTries &&
  !/running "/.test(errors[0] ?? "") &&
  /connection refused|no route to host|handshake failed: EOF/i.test(errors[0] ?? "");

/** For the `hooks` of a command that goes this way. Without error hooks there is nothing but the provider's words. */
export function sayingWhy(name: string, login: Login): { hooks?: pulumi.ResourceHookBinding } {
  if (!hasErrorHooks()) return {};
  let host = "the node";
  pulumi.output(login.host).apply((known) => {
    host = known;
  });
  const hook = new pulumi.ErrorHook(`${name}-unreachable`, async ({ errors }) => {
    const way: Way = { host, user: login.user, bastion: login.bastion?.host ?? null, sshCidrs: login.sshCidrs };
    if (mayBoot(errors, way)) {
      await sleep(pauseMs);
      return true;
    }
    const hint = hintFor(errors[0] ?? "", way);
    if (hint !== null) await pulumi.log.error(`${name}: ${hint}`);
    return false;
  });
  return { hooks: { onError: [hook] } };
}
