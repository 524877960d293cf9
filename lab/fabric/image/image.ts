/** The trees that every machine of every lab starts from, and the packages that they lack: built once, cached. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildDebian } from "./debianImage.ts";
import { imageDebris, imageFiles, imagePackages, imageUnits, mirrorPackages } from "./imageFiles.ts";
import { buildLayer } from "./layer.ts";
import { bookworm, type System } from "./systems.ts";

export interface ImageOptions {
  /** The folder that all labs of a user share. */
  cacheDir: string;
  /** What the machines are; default: Debian 12. */
  system?: System;
  log?: (text: string) => void;
}

export interface Image {
  /** What machines lay their disks over, the uppermost tree first; read-only by agreement. */
  trees: string[];
  /** What the image lacks, as the mirror serves it: apt's repository and, where there is dnf, its too. */
  repositories: string[];
}

/** Raised when the way of building changes while the recipe's parts do not. */
const recipeVersion = 1;

const digest = (recipe: unknown) => createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);

/** The Debian image of a system, and what lies over it. */
function folders(cacheDir: string, { name, suite, layer }: System): { base: string; over: string | null } {
  const recipe = [recipeVersion, imagePackages, mirrorPackages, imageFiles(suite), imageUnits, imageDebris];
  const base = `image-${suite}-${digest(recipe)}`;
  const over = layer && join(cacheDir, `image-${name}-${digest([base, layer])}`);
  return { base: join(cacheDir, base), over };
}

/** Where an image is, or will be. */
export function imagePaths(cacheDir: string, system: System = bookworm): Image {
  const { base, over } = folders(cacheDir, system);
  const parts = over ? [over, base] : [base];
  return {
    trees: parts.map((part) => join(part, "rootfs")),
    repositories: parts.map((part) => join(part, "repository")),
  };
}

/** Builds the image unless it is cached. Two labs that start at once build it once. */
export async function ensureImage({ cacheDir, system = bookworm, log = () => {} }: ImageOptions): Promise<Image> {
  const { base, over } = folders(cacheDir, system);
  const { name, suite, layer } = system;
  await once(base, log, (work) => buildDebian(work, suite, log));
  if (over && layer) await once(over, log, (work) => buildLayer(work, { base, name, suite, layer }, log));
  return imagePaths(cacheDir, system);
}

/** Makes a folder that is there whole or not at all. */
async function once(folder: string, log: (text: string) => void, build: (work: string) => Promise<void>) {
  if (existsSync(folder)) return;
  const release = await lock(`${folder}.lock`, log);
  try {
    if (existsSync(folder)) return;
    const work = mkdtempSync(`${folder}.building-`);
    try {
      await build(work);
      renameSync(work, folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  } finally {
    release();
  }
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
