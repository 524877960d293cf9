/** Makes a lab and takes it away, whatever state it is in. */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "./control.ts";
import { ensureImage, removeFabric, systemOf } from "./fabric/index.ts";
import {
  type Claim,
  cacheDir,
  claimIndex,
  claims,
  type LabConfig,
  labPaths,
  labRegion,
  readConfig,
  releaseIndex,
  writeConfig,
} from "./state.ts";

const startLimitMs = 60_000;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

const alive = (control: string) =>
  ask(control, "ping").then(
    () => true,
    () => false,
  );

/**
 * The running lab, started if it does not run. A lab that died half-way is cleared first.
 * @param imageName part of the name of the nodes' image, which is built here, where the user sees it
 */
export async function ensureLab(name: string, imageName = "Debian 12"): Promise<LabConfig> {
  const paths = labPaths(name);
  const running = readConfig(name);
  if (running && (await alive(paths.control))) return running;
  if (running) {
    console.log("A former lab of this name has died; clearing what it left ...");
    await removeLab(name, { purge: false, quiet: true });
  }
  const startedMs = Date.now();
  await ensureImage({ cacheDir: cacheDir(), system: systemOf(imageName), log: (text) => console.log(text) });
  await clearForeignRuins(name);
  const config: LabConfig = {
    name,
    index: claimIndex(name),
    apiPort: await freePort(),
    // Random, so that two labs can't take each other's calls; formed like the cloud's own.
    secretId: `AKID${randomBytes(16).toString("hex")}`,
    secretKey: randomBytes(16).toString("hex"),
    region: labRegion,
    zone: "ap-guangzhou-3",
  };
  writeConfig(config);
  const out = openSync(paths.daemonLog, "a", 0o600);
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "daemon.ts"), name],
    {
      detached: true,
      stdio: ["ignore", out, out],
    },
  );
  writeFileSync(join(paths.pids, "daemon.pid"), String(child.pid));
  child.unref();
  let exited = false;
  child.on("exit", () => {
    exited = true;
  });
  while (!(await alive(paths.control))) {
    if (exited || Date.now() - startedMs > startLimitMs + 300_000) {
      const last = readFileSync(paths.daemonLog, "utf8").trim().split("\n").slice(-12).join("\n");
      throw new Error(`The lab's daemon did not start. Its last lines (${paths.daemonLog}):\n${last}`);
    }
    await sleep(50);
  }
  console.log(`Local cloud and network are up (127.0.0.1:${config.apiPort}).`);
  return config;
}

/** Whether this pid is still the process that the lab started, not another that got its number. */
function isOurs(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
  } catch {
    return false;
  }
}

const daemonPid = (dir: string): number => {
  const file = join(dir, "pids", "daemon.pid");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
};

const lives = ({ dir, pid }: Claim) => isOurs(daemonPid(dir), "daemon.ts") || isOurs(pid, "lab/");

/** A lab of this name that another checkout made and that died there would keep the name and its addresses for ever. */
async function clearForeignRuins(name: string): Promise<void> {
  for (const claim of claims()) {
    if (claim.name !== name || claim.dir === labPaths(name).dir || lives(claim)) continue;
    console.log(`A lab of this name has died in ${claim.dir}; clearing what it left on this machine ...`);
    await removeFabric(name, claim.dir);
    releaseIndex(claim);
  }
}

/** Removes everything of the lab: processes, machines, network, files. Works on ruins too, and twice. */
export async function removeLab(name: string, { purge = false, quiet = false } = {}): Promise<void> {
  const paths = labPaths(name);
  const pid = daemonPid(paths.dir);
  if (pid > 1 && isOurs(pid, "daemon.ts")) {
    process.kill(pid, "SIGKILL");
    while (isOurs(pid, "daemon.ts")) await sleep(20);
  }
  const claim = claims().find((one) => one.name === name);
  // The network is found by the lab's name: of a lab that runs from another checkout it must stay.
  const foreign = claim !== undefined && claim.dir !== paths.dir;
  if (!foreign) await removeFabric(name, paths.dir);
  rmSync(paths.dir, { recursive: true, force: true });
  const parent = join(paths.dir, "..");
  if (existsSync(parent) && readdirSync(parent).length === 0) rmSync(parent, { recursive: true });
  if (claim && !foreign) releaseIndex(claim);
  const others = purge ? claims().filter((one) => one.dir !== paths.dir && lives(one)) : [];
  if (purge && others.length === 0) rmSync(cacheDir(), { recursive: true, force: true });
  mkdirSync(join(parent, ".."), { recursive: true });
  if (!quiet) {
    console.log(
      foreign
        ? `The lab "${name}" runs from ${claim.dir} and was left alone: end it there.`
        : `The lab "${name}" is gone${purge && others.length === 0 ? ", and so is the cached node image" : ""}.`,
    );
    if (others.length > 0) {
      const labs = others.map((one) => `"${one.name}" (${one.dir})`).join(", ");
      console.log(`The cached node image stays: these labs run from it, take them down first: ${labs}`);
    }
  }
}
