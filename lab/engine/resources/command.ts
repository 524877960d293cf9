/** What no cloud makes: the commands on the nodes, and what the engine itself keeps. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Login, ssh, sshArgs } from "../../ssh/login.ts";
import type { Json } from "../client.ts";
import { type Resource, type Tools, until } from "./resource.ts";

/** A text for ssh, in a file beside the lab's key: on a command line everybody could read it. */
function fileOf(text: string, { sshKeyFile }: Tools): string {
  const file = join(dirname(sshKeyFile), `login-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`);
  writeFileSync(file, text.endsWith("\n") ? text : `${text}\n`, { mode: 0o600 });
  return file;
}

/** The file with the key that a connection, or its proxy, is opened with. */
function keyFileOf({ keyFile, privateKey: text }: Json, tools: Tools): string {
  if (keyFile !== undefined) return String(keyFile);
  return text === undefined ? tools.sshKeyFile : fileOf(String(text), tools);
}

/** A connection as it may be written down, for a removal that has nothing but the record: keys stay in their files. */
export function withoutKeys(connection: Json, tools: Tools): Json {
  const kept = (way: Json): Json => ({
    user: way.user,
    host: way.host,
    port: way.port,
    keyFile: keyFileOf(way, tools),
  });
  const { proxy } = connection;
  return { ...kept(connection), ...(proxy !== undefined && { proxy: kept(proxy as Json) }) };
}

/** Runs the command's text on the node, its stdin on stdin, as soon as the node takes connections. */
function onNode(inputs: Json, command: unknown, tools: Tools): Promise<Json> {
  const connection = inputs.connection as Json;
  const { user = "root", host, hostKey } = connection;
  const target = `${user}@${host}`;
  const proxy = connection.proxy as Json | undefined;
  const login: Login = {
    keyFile: keyFileOf(connection, tools),
    user: String(user),
    host: String(host),
    knownHosts: hostKey === undefined ? undefined : fileOf(`${host} ${hostKey}`, tools),
    jump: proxy && {
      keyFile: keyFileOf(proxy, tools),
      user: String(proxy.user),
      host: String(proxy.host),
      port: Number(proxy.port),
    },
  };
  return until(tools, `ssh to ${target}`, async () => {
    const args = await sshArgs(login, [String(command)]);
    const result = await ssh(args, String(inputs.stdin ?? ""), (line) => tools.progress(`${target}: ${line}`));
    if (result.code === 0) return { stdout: result.stdout, stderr: result.stderr };
    if (result.code === 255) return result.stderr.trim() || "no connection";
    throw new Error(
      `The command on ${target} failed (${result.code}):\n${result.stderr.trim() || result.stdout.trim()}`,
    );
  });
}

export const commands: Record<string, Resource> = {
  // The engine itself keeps a stash's first value for as long as the stack lives.
  "pulumi:index:Stash": {
    create: async (i) => ({ id: "stash", state: { output: i.input } }),
    update: async () => ({}),
    remove: async () => {},
  },
  "command:remote:Command": {
    create: async (i, tools) => ({ id: "command", state: await onNode(i, i.create, tools) }),
    update: (_id, i, tools) => onNode(i, i.create, tools),
    remove: async (_id, i, tools) => void (i.delete !== undefined && (await onNode(i, i.delete, tools))),
  },
};
