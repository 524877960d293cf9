/** Another system's ways over a Debian image: packages, files and settings in a tree of their own, laid over the image's. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../run.ts";
import { downloadPackages } from "./aptDownload.ts";
import type { Suite } from "./aptSources.ts";
import type { Layer } from "./imageFiles.ts";

/**
 * Runs in a mount namespace of its own: whatever ends it, no mount stays. The packages are the host's download, so dpkg
 * alone is asked; no package may start its service.
 */
const program = `set -eu
base=$1 work=$2
mkdir "$work/merged" "$work/overlay" "$work/scratch/pool"
mount -t overlay overlay -o "lowerdir=$base/rootfs,upperdir=$work/rootfs,workdir=$work/overlay" "$work/merged"
mount --bind "$base/repository/debian/pool" "$work/scratch/pool"
cd "$work/merged"
mkdir build && mount --rbind "$work/scratch" build
printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d && chmod 755 usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
inside() { chroot . "$@"; }
inside sh -ec 'dpkg --path-exclude=/usr/share/doc/* --path-exclude=/usr/share/locale/* --path-exclude=/usr/share/man/* \
  --unpack /build/cache/archives/*.deb && dpkg --configure -a' >"$work/scratch/dpkg.log" 2>&1 ||
  { tail -n 12 "$work/scratch/dpkg.log" >&2; exit 1; }
cp -a "$work/scratch/files/." .
inside sh -eu /build/set-up
umount -R build
rm usr/sbin/policy-rc.d && rmdir build
[ ! -d "$work/scratch/repository" ] || mv "$work/scratch/repository/"* "$work/repository"
`;

/** Builds it into a folder: `rootfs`, and `repository` with what the layer made for the mirror in /build/repository. */
export async function buildLayer(
  work: string,
  { base, name, suite, layer }: { base: string; name: string; suite: Suite; layer: Layer },
  log: (text: string) => void,
): Promise<void> {
  const startedMs = Date.now();
  log(`Building the ${name} node image over it (once, half a minute) ...`);
  const scratch = join(work, "scratch");
  for (const folder of ["rootfs", "repository"]) mkdirSync(join(work, folder));
  await downloadPackages(scratch, suite, join(base, "rootfs/var/lib/dpkg/status"), layer.packages);
  for (const { path, mode, content } of layer.files) {
    const file = join(scratch, "files", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
  }
  const enable = `systemctl enable -q ${layer.units.join(" ")}`;
  writeFileSync(join(scratch, "set-up"), `${layer.setUp}\n${enable}\n`);
  await run("unshare", ["--mount", "--propagation", "private", "sh", "-c", program, "sh", base, work]);
  for (const folder of ["merged", "overlay", "scratch"]) rmSync(join(work, folder), { recursive: true, force: true });
  log(`Node image ${name} ready after ${Math.round((Date.now() - startedMs) / 1000)} s.`);
}
