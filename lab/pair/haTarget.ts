/**
 * What `npm run ha` knows of a lab's pair: .lab/<name>/ha.json, written by `up`. It has the form of a stack's outputs, and
 * `identity` (a key file), `device` (the link that leads to the nodes or their bastion), `bastion` (as in a stack's
 * `access`) and `clients` (commands that ask the VIP and print the name of the node that answers; where they run; what they
 * know the VIP by).
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { labPaths } from "../state.ts";
import { jumpOf } from "../world/record.ts";
import { type ClientKind, clientArgv, pairsOf } from "./inspect.ts";
import type { Status } from "./status.ts";

const run = promisify(execFile);

export async function writeHaTarget(name: string, { pair, mode, vips }: Status): Promise<void> {
  const [vip] = vips;
  const nodes = (await pairsOf(name)).find((one) => one.pair === pair)?.nodes;
  if (!vip || !nodes) return;
  const { sshKey, haTarget } = labPaths(name);
  const jump = Object.values(nodes).every(({ publicIp }) => publicIp !== "") ? null : jumpOf(name);
  const { stdout } = await run("ip", ["-j", "route", "get", jump?.host ?? nodes.a.sshHost]);
  const [route] = JSON.parse(stdout) as { dev?: string }[];
  const client = async (kind: ClientKind, address: string) => ({
    name: kind,
    argv: await clientArgv(name, kind, ["curl", "-sS", "-m", "2", `http://${address}/`]),
    inside: await clientArgv(name, kind, []),
    address,
  });
  const clients = [client("vpc", vip.address), ...(vip.publicIp ? [client("internet", vip.publicIp)] : [])];
  const target = {
    schemaVersion: 1,
    vip: vip.address,
    publicIp: vip.publicIp,
    mode,
    nodes: Object.fromEntries(
      Object.entries(nodes).map(([node, { instanceId, eniId, address, publicIp, sshHost, sshUser }]) => [
        node,
        { instanceId, eniId, address, publicIp: publicIp || null, sshHost, sshUser, hostKey: null },
      ]),
    ),
    identity: sshKey,
    device: route?.dev,
    bastion: jump && {
      ...{ host: jump.host, port: jump.port, user: jump.user, hostKey: null },
      privateKey: readFileSync(jump.keyFile, "utf8"),
    },
    clients: await Promise.all(clients),
  };
  writeFileSync(haTarget, `${JSON.stringify(target, null, 2)}\n`, { mode: 0o600 });
}
