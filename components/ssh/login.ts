import * as pulumi from "@pulumi/pulumi";

/** A machine through which SSH goes to the nodes. */
export interface Bastion {
  /** Name or IPv4 address. */
  host: string;
  user: string;
  port: number;
  /** Its host key, undefined to accept any. */
  hostKey: string | undefined;
  /** Private key, PEM; the nodes' own key when undefined. */
  privateKey: string | undefined;
}

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
  /** Networks from which the node takes SSH, empty for the VPC; for messages. */
  sshCidrs: string[];
}

/**
 * How long a node that does not answer is tried: 1 + 32 times, 3 s each, with pauses that grow to 5 s. Where packets are
 * dropped, as by a wrong sshCidrs, that ends within 4 minutes; where nothing listens yet, as on a machine that boots, after 2.
 * Behind a bastion a try that gets no answer takes as long as the bastion's own kernel gives it.
 */
const limits = { dialErrorLimit: 32, perDialTimeout: 3 };

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
  return pulumi.secret({ ...login, hostKey, ...agent, ...limits, ...(proxy && { proxy }) });
}

/** A command line of root's. */
export const asRoot = (user: string, line: string): string => (user === "root" ? line : `sudo -n ${line}`);
