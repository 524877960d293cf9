/** The Debian tree that every machine of every lab starts from, and the packages that it lacks: built once, cached. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../run.ts";
import { debianSources, hostAcquireConf, type Suite, suites } from "./aptSources.ts";
import { imageDebris, imageFiles, imagePackages, imageUnits, mirrorPackages } from "./imageFiles.ts";

export interface ImageOptions {
  /** The folder that all labs of a user share. */
  cacheDir: string;
  /** Debian release of the machines; default bookworm. */
  suite?: Suite;
  log?: (text: string) => void;
}

export interface Image {
  /** The tree that machines lay their disks over; read-only by agreement. */
  rootfs: string;
  /** An apt repository of what the image lacks, as the mirror serves it. */
  repository: string;
  suite: Suite;
}

/** Raised when the way of building changes while the recipe's parts do not. */
const recipeVersion = 1;

/** Where the image is, or will be. */
export function imagePaths(cacheDir: string, suite: Suite = "bookworm"): Image {
  if (!suites.includes(suite)) throw new Error(`no image of "${suite}"; there is ${suites.join(", ")}`);
  const recipe = JSON.stringify([
    recipeVersion,
    imagePackages,
    mirrorPackages,
    imageFiles(suite),
    imageUnits,
    imageDebris,
  ]);
  const base = join(cacheDir, `image-${suite}-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`);
  return { rootfs: join(base, "rootfs"), repository: join(base, "repository"), suite };
}

/** Builds the image unless it is cached. Two labs that start at once build it once. */
export async function ensureImage(options: ImageOptions): Promise<Image> {
  const image = imagePaths(options.cacheDir, options.suite);
  const base = dirname(image.rootfs);
  if (existsSync(base)) return image;
  const log = options.log ?? (() => {});
  const release = await lock(`${base}.lock`, log);
  try {
    if (existsSync(base)) return image;
    const work = mkdtempSync(`${base}.building-`);
    try {
      await build(work, image.suite, log);
      renameSync(work, base);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  } finally {
    release();
  }
  return image;
}

/** Waits for a lock file; one whose process is gone is taken over. */
async function lock(file: string, log: (text: string) => void): Promise<() => void> {
  mkdirSync(dirname(file), { recursive: true });
  for (let told = false; ; told = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (owner && !existsSync(`/proc/${owner}`)) rmSync(file, { force: true });
    else if (!told) log(`Another lab builds the node image (process ${owner}); waiting for it ...`);
    await sleep(200);
  }
}

async function build(work: string, suite: Suite, log: (text: string) => void): Promise<void> {
  const startedMs = Date.now();
  const rootfs = join(work, "rootfs");
  const scratch = join(work, "scratch");
  mkdirSync(scratch);
  const conf = join(scratch, "acquire.conf");
  writeFileSync(conf, await hostAcquireConf());
  const sources = Object.entries(debianSources(suite)).map(([ending, text]) => {
    const file = join(scratch, `host.${ending}`);
    writeFileSync(file, text);
    return file;
  });
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
  await buildRepository(work, scratch, sources, suite);
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

/**
 * Downloads what `apt-get install` in a machine will ask for: the host's apt works it out against the image's own list
 * of installed packages, so nothing runs inside the image and the host's keys and proxies apply.
 */
async function buildRepository(work: string, scratch: string, sources: string[], suite: Suite): Promise<void> {
  const architecture = (await run("dpkg", ["--print-architecture"])).trim();
  const state = join(scratch, "state");
  const cache = join(scratch, "cache");
  const parts = join(scratch, "parts");
  for (const folder of [join(state, "lists/partial"), join(cache, "archives/partial"), parts]) {
    mkdirSync(folder, { recursive: true });
  }
  const options: Record<string, string> = {
    "Dir::State": state,
    "Dir::State::status": join(work, "rootfs/var/lib/dpkg/status"),
    "Dir::Cache": cache,
    "Dir::Cache::archives": join(cache, "archives"),
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "APT::Sandbox::User": "root",
    "APT::Keep-Downloaded-Packages": "true",
    "Acquire::Languages": "none",
  };
  if (sources.length > 0) {
    for (const file of sources) await run("cp", [file, parts]);
    Object.assign(options, { "Dir::Etc::SourceList": "/dev/null", "Dir::Etc::SourceParts": parts });
  }
  // Hooks of the host (an image made for containers deletes every download) have no business in this cache.
  const confFile = join(scratch, "download.conf");
  writeFileSync(
    confFile,
    "#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n#clear DPkg::Post-Invoke;\n",
  );
  const args = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const apt = (...words: string[]) => run("apt-get", ["-q", "-c", confFile, ...args, ...words]);
  await apt("update");
  await apt("install", "-y", "--no-install-recommends", "--download-only", ...mirrorPackages);
  const repository = join(work, "repository");
  const pool = join(repository, "debian/pool");
  const index = join(repository, `debian/dists/${suite}/main/binary-${architecture}`);
  mkdirSync(dirname(pool), { recursive: true });
  mkdirSync(index, { recursive: true });
  rmSync(join(cache, "archives/partial"), { recursive: true });
  rmSync(join(cache, "archives/lock"), { force: true });
  renameSync(join(cache, "archives"), pool);
  const root = join(repository, "debian");
  writeFileSync(join(index, "Packages"), await run("apt-ftparchive", ["packages", "pool"], { cwd: root }));
  const named = [`Suite=${suite}`, `Codename=${suite}`, `Architectures=${architecture}`, "Components=main"];
  const release = named.flatMap((field) => ["-o", `APT::FTPArchive::Release::${field}`]);
  writeFileSync(
    join(root, `dists/${suite}/Release`),
    await run("apt-ftparchive", [...release, "release", `dists/${suite}`], { cwd: root }),
  );
}
