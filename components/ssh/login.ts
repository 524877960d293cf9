import * as pulumi from "@pulumi/pulumi";
import type { Bastion } from "../../render/model.ts";
import { hasErrorHooks } from "./hooks.ts";

/** How a node is reached by SSH. */
export interface Login {
  host: pulumi.Input<string>;
  user: string;
  /** Private key, PEM. */
  privateKey?: string | undefined;
  /** Or an agent that has it: a socket, or the word SSH_AUTH_SOCK for the one that this variable names. */
  agentSocketPath?: string | undefined;
  /** The node's host key, null to accept any. */
  hostKey: pulumi.Input<string | null>;
  bastion?: Bastion | null | undefined;
  /** For messages: networks from which the node takes SSH, empty for the VPC; null where only its own groups say so. */
  sshCidrs: string[] | null;
}

/**
 * How long a node that does not answer is tried: 1 + 32 times, 3 s each, with pauses that grow to 5 s. Where packets are
 * dropped, as by a wrong sshCidrs, that ends within 4 minutes; where nothing listens yet, as on a machine that boots, after 2.
 */
const limits = { dialErrorLimit: 32, perDialTimeout: 3 };

/**
 * Behind a bastion a try without an answer takes as long as the bastion's kernel gives it, 2 minutes with Linux, whatever is
 * set here (pulumi-command, connection.go). So the provider gets one, and unreachable.ts begins anew where a machine may be
 * booting. With an engine that can't, a dropped packet costs an hour.
 */
const behindBastion = () => (hasErrorHooks() ? { ...limits, dialErrorLimit: 0 } : limits);

/** The login as a remote.Command takes it. */
export function connectionTo({ bastion, agentSocketPath: socket, hostKey: key, sshCidrs: _, ...login }: Login) {
  const hostKey = pulumi.output(key).apply((known) => known ?? undefined);
  // Left out, the variable's own: it is another one in every session, and a change of the connection runs the command.
  const agent = socket === undefined || socket === "SSH_AUTH_SOCK" ? {} : { agentSocketPath: socket };
  // Nothing of the connection holds for its proxy by itself.
  const proxy = bastion && {
    ...bastion,
    ...(bastion.privateKey === undefined && { privateKey: login.privateKey, ...agent }),
    ...limits,
  };
  return pulumi.secret({ ...login, hostKey, ...agent, ...(proxy ? { ...behindBastion(), proxy } : limits) });
}

/** A command line of root's. */
export const asRoot = (user: string, line: string): string => (user === "root" ? line : `sudo -n ${line}`);
