/**
 * Debian's Prometheus, unpacked into the cache and not installed: the package starts a server on every address of the
 * machine, now and at each boot.
 */
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run, tryRun } from "../fabric/run.ts";
import { cacheDir } from "../state.ts";

export interface Prometheus {
  /** The server. */
  prometheus: string;
  /** Checks and tests rules. */
  promtool: string;
}

/** Gets it where that has not been done. Needs apt-get; a message of an error says what failed. */
export async function ensurePrometheus(log: (text: string) => void = console.log): Promise<Prometheus> {
  const folder = join(cacheDir(), "prometheus");
  if (!existsSync(folder)) {
    log("Getting Debian's package prometheus ...");
    mkdirSync(cacheDir(), { recursive: true });
    const work = mkdtempSync(`${folder}.getting-`);
    try {
      await download(work);
      const [archive = ""] = globSync("*.deb", { cwd: work });
      await run("dpkg-deb", ["--extract", join(work, archive), join(work, "tree")]);
      // Whoever else gets it meanwhile was first: then there is one already.
      if (!existsSync(folder)) renameSync(join(work, "tree"), folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return { prometheus: join(folder, "usr/bin/prometheus"), promtool: join(folder, "usr/bin/promtool") };
}

/** The package lists of a fresh machine are empty or old; asking first and updating only then saves the usual case. */
async function download(cwd: string): Promise<void> {
  const args = ["-q", "-o", "APT::Sandbox::User=root", "download", "prometheus"];
  if ((await tryRun("apt-get", args, { cwd })).code === 0) return;
  await run("apt-get", ["update", "-q"]);
  await run("apt-get", args, { cwd });
}
