import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { hasResourceHooks } from "./ssh/hooks.ts";
import { asRoot, connectionTo, type Login } from "./ssh/login.ts";
import { sayingWhy } from "./ssh/unreachable.ts";

export interface HandoverArgs {
  /** How to reach the node that takes over. */
  taker: Login;
  /** What the machines are made of: another design replaces them, and that is when the VIP has to move. */
  design: string;
  /**
   * `must`: the giver has the VIP, and a new design would pull it out under the clients.
   * `may`: nobody serves, as after a first update that ended half-way. The taker moves the VIP by itself then, and while it
   * is on its way the cloud refuses to attach the giver's ENI (UnsupportedOperation.InvalidState): wait for that, but insist
   * on nothing.
   * `no`: there is nothing to take over.
   */
  take: "must" | "may" | "no";
  /** For how many seconds at most the giver then goes on serving the connections that it has, null for none (keepConnections). */
  keepConnectionsS: number | null;
  /** Until the taker is known to be healthy. */
  after: pulumi.Resource[];
}

/**
 * The other node takes the VIP over by a planned switch, before the machine that has it is replaced.
 *
 * A resource of its own, since it has to run between the new machine's installation and the moment when the ENI leaves the
 * old one; an update in which nothing is replaced opens no connection for it. It fails when the taker does not get the VIP:
 * then nothing more is replaced, and the next update tries again. With keepConnections it ends when the giver keeps no more
 * connections: its machine goes with them otherwise.
 */
export function handover(name: string, args: HandoverArgs, opts: pulumi.ComponentResourceOptions): pulumi.Resource {
  const take = asRoot(args.taker.user, "/etc/keepalived/vip.py take");
  const wait = asRoot(args.taker.user, "/etc/keepalived/vip.py carried --wait");
  const must = args.keepConnectionsS === null ? take : `${take} && ${wait}`;
  // The second one waits for what the first found under way.
  const create = { must, may: `${take} || ${take} || :`, no: ":" }[args.take];
  return new command.remote.Command(
    name,
    {
      connection: connectionTo(args.taker),
      // Where there is nothing to take over this still runs once, so that a later design is seen as a change.
      create,
      triggers: [args.design],
      addPreviousOutputInEnv: false,
    },
    {
      ...opts,
      hooks: { ...sayingWhy(name, args.taker).hooks, ...(args.take === "must" && sayingHowLong(name, args)) },
      dependsOn: args.after,
      // Who has the VIP, and where the taker is, may change at any time; that alone moves nothing.
      ignoreChanges: ["connection", "create"],
    },
  );
}

/** Says, in a preview as well, how long the machine waits that is to be replaced: the hook is called for a new command alone. */
function sayingHowLong(name: string, { keepConnectionsS: seconds }: HandoverArgs): pulumi.ResourceHookBinding {
  if (seconds === null || !hasResourceHooks()) return {};
  const text = `${name}: the machine is replaced once the connections that it keeps have ended, after ${seconds} s at most (keepConnections)`;
  const say = new pulumi.ResourceHook(`${name}-waits`, () => pulumi.log.info(text), { onDryRun: true });
  return { beforeCreate: [say] };
}
