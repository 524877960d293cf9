/** What is said when a node does not let the program in: the provider's own words name neither host nor setting. */
import * as pulumi from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state.js";
import type { Login } from "./login.ts";

/** What a user can look at. */
export interface Way {
  host: string;
  user: string;
  /** Name or address of the bastion, null without one. */
  bastion: string | null;
  /** Networks from which SSH is open, empty for the VPC. */
  sshCidrs: string[];
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
  const open = sshCidrs.length > 0 ? sshCidrs.join(", ") : "the VPC alone";
  return `${target} is not reached on port 22. SSH is open from ${open} (sshCidrs): ${from} has to be in there. ${look}`;
}

/** What the engine can do is told to the SDK alone, which takes no hook where it can't; its own question is not public. */
const engineTellsErrors = (): boolean =>
  (state as { getStore?: () => { supportsErrorHooks?: boolean } }).getStore?.().supportsErrorHooks === true;

/**
 * For the `hooks` of a command that goes this way. An engine tells of errors since 3.244; with one from before, and under
 * mocks, there is nothing but the provider's words.
 */
export function sayingWhy(name: string, login: Login): { hooks?: pulumi.ResourceHookBinding } {
  const monitor = pulumi.runtime.getMonitor();
  if (!monitor || !("registerErrorHook" in monitor) || !engineTellsErrors()) return {};
  let host = "the node";
  pulumi.output(login.host).apply((known) => {
    host = known;
  });
  const hook = new pulumi.ErrorHook(`${name}-unreachable`, async ({ errors }) => {
    const way: Way = { host, user: login.user, bastion: login.bastion?.host ?? null, sshCidrs: login.sshCidrs };
    const hint = hintFor(errors[0] ?? "", way);
    if (hint !== null) await pulumi.log.error(`${name}: ${hint}`);
    return false;
  });
  return { hooks: { onError: [hook] } };
}
