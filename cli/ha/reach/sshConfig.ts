/**
 * How ssh reaches the nodes, as a configuration file of its own: a user's ~/.ssh/config is neither needed nor heard, just as
 * `pulumi up` does not hear it.
 */
import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { Refusal } from "../refusal.ts";

/** A node, as far as SSH goes. */
export interface SshNode {
  /** Address in the VPC. */
  address: string;
  publicIp: string | null;
  /** The address by which `up` logs in; a stack from before it was told has none. */
  sshHost?: string | undefined;
  sshUser: string;
  /** `type base64`, null while unknown. */
  hostKey: string | null;
}

export interface Bastion {
  host: string;
  port: number;
  user: string;
  /** `type base64`, null to accept any. */
  hostKey: string | null;
  /** Null: it takes what the nodes take. */
  privateKey: string | null;
}

/** What opens the nodes, as the stack's secret output `access` has it. */
export interface Access {
  /** Null with an agent. */
  privateKey: string | null;
  /** The agent's socket, where the stack was made. */
  agentSocketPath: string | null;
  bastion: Bastion | null;
}

/** Where ssh reaches a node. */
export const hostOf = ({ sshHost, publicIp, address }: SshNode): string => sshHost ?? publicIp ?? address;

/** A value of a line. ssh ends one at a quote, and reads what follows a line feed as an option. */
function quoted(text: string): string {
  if (/["\p{Cc}]/u.test(text)) throw new Refusal(`${JSON.stringify(text)} can be no part of ssh's configuration.`, 3);
  return `"${text}"`;
}
/** ssh replaces what follows a percent sign in the name of a file. */
const fileName = (file: string): string => quoted(file.replaceAll("%", "%%"));

function privateFile(folder: string, name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content.endsWith("\n") ? content : `${content}\n`, { mode: 0o600 });
  return file;
}

/** What ssh takes for something else in the name of a file, quoted or not; which of it depends on its version. */
const odd = /["\\\p{Cc}]|\$\{/u;

function linkTo(file: string, folder: string): string {
  const link = join(folder, "identity");
  symlinkSync(file, link);
  return link;
}

/** The socket of this user's own agent, where the one of the stack's maker is on another machine. */
const agentSocket = (path: string): string => (existsSync(path) ? path : "SSH_AUTH_SOCK");

/** The options that say who logs in. */
function identity(file: string | null, agentSocketPath: string | null): string[] {
  if (file !== null) return [`IdentityFile ${fileName(file)}`, "IdentitiesOnly yes", "IdentityAgent none"];
  if (agentSocketPath !== null) return [`IdentityAgent ${quoted(agentSocket(agentSocketPath))}`, "IdentityFile none"];
  throw new Refusal(
    "There is no key for the nodes: neither a private key nor an agent. Give one by --identity FILE.",
    3,
  );
}

/** A host key that is known is insisted on; the name in the file of known ones is ours. */
function hostKey(name: string, key: string | null, folder: string): string[] {
  if (key === null) return ["StrictHostKeyChecking no", "UserKnownHostsFile /dev/null"];
  if (!/^[\w@.-]+ [\w+/=]+$/.test(key)) throw new Refusal(`The host key of ${name} is none: ${JSON.stringify(key)}`, 3);
  const file = privateFile(folder, `known-${name}`, `${name} ${key}`);
  return [`HostKeyAlias ${name}`, "StrictHostKeyChecking yes", `UserKnownHostsFile ${fileName(file)}`];
}

/** Whoever types on the way to a node may be far away from it, and a bastion makes it twice as far. */
const connectS = (bastion: Bastion | null): number => (bastion ? 8 : 3);

/**
 * Writes the configuration, with the hosts a, b and bastion, into a folder that only this user can read.
 * @param identityFile a private key, in the place of the stack's own
 * @returns `config`, the file for `ssh -F`, and `identity`, the one with the nodes' private key, null with an agent
 */
export function writeSshConfig(
  nodes: Record<NodeName, SshNode>,
  { privateKey, agentSocketPath, bastion }: Access,
  folder: string,
  identityFile: string | undefined,
): { config: string; identity: string | null } {
  const key = identityFile ?? (privateKey === null ? null : privateFile(folder, "identity", privateKey));
  const keyName = identityFile !== undefined && odd.test(identityFile) ? linkTo(identityFile, folder) : key;
  const block = (name: string, options: string[]) => [`Host ${name}`, ...options.map((option) => `  ${option}`)];
  const lines = [
    ...nodeNames.flatMap((name) => {
      const node = nodes[name];
      return block(name, [
        `HostName ${quoted(hostOf(node))}`,
        `User ${quoted(node.sshUser)}`,
        ...identity(keyName, agentSocketPath),
        ...hostKey(name, node.hostKey, folder),
        ...(bastion ? ["ProxyJump bastion"] : []),
      ]);
    }),
    ...(bastion
      ? block("bastion", [
          `HostName ${quoted(bastion.host)}`,
          `Port ${bastion.port}`,
          `User ${quoted(bastion.user)}`,
          ...identity(
            bastion.privateKey === null ? keyName : privateFile(folder, "bastion-identity", bastion.privateKey),
            agentSocketPath,
          ),
          ...hostKey("bastion", bastion.hostKey, folder),
        ])
      : []),
    ...block("*", [
      "BatchMode yes",
      `ConnectTimeout ${connectS(bastion)}`,
      // A node that dies meanwhile is noticed after 6 s, not at the command's deadline.
      "ServerAliveInterval 2",
      "ServerAliveCountMax 3",
      "GlobalKnownHostsFile none",
      "LogLevel ERROR",
    ]),
  ];
  return { config: privateFile(folder, "ssh_config", lines.join("\n")), identity: key };
}
