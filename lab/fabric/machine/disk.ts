/** A machine's disk: the image below, what the machine wrote above, and what the cloud puts in at its first boot. */
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { MachineSpec } from "../../dataplane.ts";
import { run, tryRun } from "../run.ts";

/** Where a machine's parts lie: below `<lab>/machines`. */
export interface DiskPaths {
  base: string;
  root: string;
  console: string;
}

export const diskPaths = (dir: string, instanceId: string): DiskPaths => {
  const base = join(dir, "machines", instanceId);
  return { base, root: join(base, "root"), console: join(base, "console.log") };
};

/** Lays the machine's disk over the image, its uppermost tree first; a disk that exists keeps what is on it. */
export async function mountDisk(paths: DiskPaths, trees: string[]): Promise<{ fresh: boolean }> {
  const upper = join(paths.base, "disk");
  const fresh = !existsSync(upper);
  for (const folder of [upper, join(paths.base, "work"), paths.root]) mkdirSync(folder, { recursive: true });
  const layers = `lowerdir=${trees.join(":")},upperdir=${upper},workdir=${join(paths.base, "work")}`;
  await run("mount", ["-t", "overlay", "overlay", "-o", layers, paths.root]);
  return { fresh };
}

/** Takes a disk out; `erase` also forgets what was on it. */
export async function unmountDisk(paths: DiskPaths, erase: boolean): Promise<void> {
  await removeNspawnTraces(paths);
  if (existsSync(paths.root)) {
    const busy = await tryRun("umount", [paths.root]);
    if (busy.code !== 0 && !/not mounted/.test(busy.stderr)) await run("umount", ["-l", paths.root]);
  }
  if (erase) rmSync(paths.base, { recursive: true, force: true });
}

/** nspawn, killed hard, leaves a lock that is named after the root folder's inode. */
async function removeNspawnTraces(paths: DiskPaths): Promise<void> {
  if (!existsSync(paths.root)) return;
  const { dev, ino } = statSync(paths.root, { bigint: true });
  rmSync(`/run/systemd/nspawn/locks/inode-${dev}:${ino}`, { force: true });
}

/** Writes a file of a machine's tree, with the folders above it. */
export function put(root: string, path: string, content: string, mode = 0o644): void {
  const file = join(root, path);
  mkdirSync(join(file, ".."), { recursive: true, mode: path.includes("/.ssh/") ? 0o700 : 0o755 });
  rmSync(file, { force: true });
  writeFileSync(file, content, { mode });
}

/** What a new disk gets before its first boot. */
export async function furnishDisk(root: string, spec: MachineSpec, user: string, caFile: string): Promise<void> {
  put(root, "/etc/hostname", `${spec.name}\n`);
  put(root, "/etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${spec.name}\n`);
  put(root, "/etc/machine-id", `${createHash("md5").update(spec.instanceId).digest("hex")}\n`, 0o444);
  authorise(root, user, spec.sshPublicKeys);
  const hostKey = join(root, "etc/ssh/ssh_host_ed25519_key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `root@${spec.name}`, "-f", hostKey]);
  if (existsSync(caFile)) await trust(root, caFile);
}

/** Lets the keys' owners log in: sshd wants the file to be the user's. */
function authorise(root: string, user: string, keys: string[]): void {
  const home = user === "root" ? "/root" : `/home/${user}`;
  const folder = `${home}/.ssh`;
  put(root, `${folder}/authorized_keys`, keys.map((key) => `${key.trim()}\n`).join(""), 0o600);
  const { uid, gid } = statSync(join(root, home));
  for (const path of [folder, `${folder}/authorized_keys`]) chownSync(join(root, path), uid, gid);
}

/**
 * The lab's authority into the machine's trust store, by all three ways that programs look: the bundle, the folder by
 * hash, and the source folder, so that a later update-ca-certificates keeps it.
 */
async function trust(root: string, caFile: string): Promise<void> {
  const pem = readFileSync(caFile, "utf8");
  put(root, "/usr/local/share/ca-certificates/lab-ca.crt", pem);
  appendFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), pem);
  const hash = (await run("openssl", ["x509", "-hash", "-noout", "-in", caFile])).trim();
  const link = join(root, "etc/ssl/certs", `${hash}.0`);
  if (!existsSync(link)) symlinkSync("/usr/local/share/ca-certificates/lab-ca.crt", link);
}
