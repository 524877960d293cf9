/** A release of Debian as a machine's tree, and an apt repository of what it lacks. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../run.ts";
import { downloadPackages, writeSources } from "./aptDownload.ts";
import { hostAcquireConf, type Suite } from "./aptSources.ts";
import { imageDebris, imageFiles, imagePackages, imageUnits, mirrorPackages } from "./imageFiles.ts";

/** Builds it into a folder: `rootfs` and `repository`. */
export async function buildDebian(work: string, suite: Suite, log: (text: string) => void): Promise<void> {
  const startedMs = Date.now();
  const rootfs = join(work, "rootfs");
  const scratch = join(work, "scratch");
  mkdirSync(scratch);
  const conf = join(scratch, "acquire.conf");
  writeFileSync(conf, await hostAcquireConf());
  const sources = writeSources(scratch, suite);
  log(`Building the node image (Debian ${suite}; once, about a minute) ...`);
  const said: string[] = [];
  const args = ["--mode=root", "--variant=minbase", "--format=directory", `--aptopt=${conf}`];
  args.push('--dpkgopt=path-exclude="/usr/share/doc/*"', '--dpkgopt=path-exclude="/usr/share/locale/*"');
  args.push('--dpkgopt=path-exclude="/usr/share/man/*"', `--include=${imagePackages.join(",")}`);
  await run("mmdebstrap", [...args, suite, rootfs, ...sources], {
    onLine: (line) => {
      const step = /^I: (downloading|extracting|installing) .*/.exec(line);
      if (step && !said.includes(step[0])) {
        said.push(step[0]);
        log(`  ${step[0].slice(3)}`);
      }
    },
  });
  await furnish(rootfs, suite);
  log(`  downloading ${mirrorPackages.join(", ")} for the package mirror`);
  await buildRepository(work, scratch, suite);
  rmSync(scratch, { recursive: true });
  log(`Node image ready after ${Math.round((Date.now() - startedMs) / 1000)} s.`);
}

async function furnish(rootfs: string, suite: Suite): Promise<void> {
  for (const path of imageDebris) rmSync(join(rootfs, path), { recursive: true, force: true });
  for (const { path, mode, content } of imageFiles(suite)) {
    const file = join(rootfs, path);
    mkdirSync(dirname(file), { recursive: true });
    rmSync(file, { force: true });
    writeFileSync(file, content, { mode });
  }
  mkdirSync(join(rootfs, "etc/apt/sources.list.d"), { recursive: true });
  await run("chroot", [rootfs, "systemctl", "enable", ...imageUnits], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
}

/** The packages that a machine's `apt-get install` will ask for, as a repository. */
async function buildRepository(work: string, scratch: string, suite: Suite): Promise<void> {
  const architecture = (await run("dpkg", ["--print-architecture"])).trim();
  const archives = await downloadPackages(scratch, suite, join(work, "rootfs/var/lib/dpkg/status"), mirrorPackages);
  const repository = join(work, "repository");
  const pool = join(repository, "debian/pool");
  const index = join(repository, `debian/dists/${suite}/main/binary-${architecture}`);
  mkdirSync(dirname(pool), { recursive: true });
  mkdirSync(index, { recursive: true });
  renameSync(archives, pool);
  const root = join(repository, "debian");
  writeFileSync(join(index, "Packages"), await run("apt-ftparchive", ["packages", "pool"], { cwd: root }));
  const named = [`Suite=${suite}`, `Codename=${suite}`, `Architectures=${architecture}`, "Components=main"];
  const release = named.flatMap((field) => ["-o", `APT::FTPArchive::Release::${field}`]);
  writeFileSync(
    join(root, `dists/${suite}/Release`),
    await run("apt-ftparchive", [...release, "release", `dists/${suite}`], { cwd: root }),
  );
}
