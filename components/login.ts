import * as pulumi from "@pulumi/pulumi";

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
}

/** 1 + 60 attempts with growing pauses: about four minutes while nothing listens, as on a machine that boots. */
const dialErrorLimit = 60;

/** The login as a remote.Command takes it. */
export const connectionTo = ({ agentSocketPath, hostKey, ...login }: Login) =>
  pulumi.secret({
    ...login,
    hostKey: pulumi.output(hostKey).apply((key) => key ?? undefined),
    // Left out, the variable's own: it is another one in every session, and a change of the connection runs the command.
    ...(agentSocketPath !== "SSH_AUTH_SOCK" && { agentSocketPath }),
    dialErrorLimit,
  });

/** A command line of root's. */
export const asRoot = (user: string, line: string): string => (user === "root" ? line : `sudo -n ${line}`);
