/**
 * What `npm run ha` knows of a lab's pair: .lab/<name>/ha.json, written by `up`. It has the form of a stack's outputs, and
 * `identity` (a key file), `device` (the link that leads to the nodes) and `clients` (commands that ask the VIP and print
 * the name of the node that answers).
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { type ClientKind, clientArgv } from "./inspect.ts";
import { labPaths } from "./state.ts";
import type { Status } from "./status.ts";

const run = promisify(execFile);

export async function writeHaTarget(name: string, { mode, vips, nodes }: Status): Promise<void> {
  const [vip] = vips;
  if (!vip) return;
  const { sshKey, haTarget } = labPaths(name);
  const { stdout } = await run("ip", ["-j", "route", "get", nodes[0]?.publicIp ?? ""]);
  const [route] = JSON.parse(stdout) as { dev?: string }[];
  const client = async (kind: ClientKind, address: string) => ({
    name: kind,
    argv: await clientArgv(name, kind, ["curl", "-sS", "-m", "2", `http://${address}/`]),
  });
  const clients = [client("vpc", vip.address), ...(vip.publicIp ? [client("internet", vip.publicIp)] : [])];
  const target = {
    schemaVersion: 1,
    vip: vip.address,
    publicIp: vip.publicIp,
    mode,
    nodes: Object.fromEntries(
      nodes.map(({ name: node, instanceId, eniId, address, publicIp }) => [
        node,
        { instanceId, eniId, address, publicIp, sshUser: "root", hostKey: null },
      ]),
    ),
    identity: sshKey,
    device: route?.dev,
    clients: await Promise.all(clients),
  };
  writeFileSync(haTarget, `${JSON.stringify(target, null, 2)}\n`);
}
