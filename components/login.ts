import * as pulumi from "@pulumi/pulumi";

/** How a node is reached by SSH. */
export interface Login {
  host: pulumi.Input<string>;
  user: string;
  /** Private key, PEM. */
  privateKey: pulumi.Input<string>;
  /** The node's host key, undefined to accept any. */
  hostKey: string | undefined;
}

/** 1 + 60 attempts with growing pauses: about four minutes while nothing listens, as on a machine that boots. */
const dialErrorLimit = 60;

/** The login as a remote.Command takes it. */
export const connectionTo = (login: Login) => pulumi.secret({ ...login, dialErrorLimit });

/** A command line of root's. */
export const asRoot = (user: string, line: string): string => (user === "root" ? line : `sudo -n ${line}`);
