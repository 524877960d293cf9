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
}

/** 1 + 60 attempts with growing pauses: about four minutes while nothing listens, as on a machine that boots. */
const dialErrorLimit = 60;

/** The login as a remote.Command takes it. */
export function connectionTo({ bastion, agentSocketPath: socket, hostKey: key, ...login }: Login) {
  const hostKey = pulumi.output(key).apply((known) => known ?? undefined);
  // Left out, the variable's own: it is another one in every session, and a change of the connection runs the command.
  const agent = socket === undefined || socket === "SSH_AUTH_SOCK" ? {} : { agentSocketPath: socket };
  const limits = { dialErrorLimit };
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
