/** Packages from where this host gets its own. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../run.ts";
import { debianSources, type Suite } from "./aptSources.ts";

/** Writes the host's sources for a suite into a folder; none when the tool's own default has to do. */
export function writeSources(folder: string, suite: Suite): string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(debianSources(suite)).map(([ending, text]) => {
    const file = join(folder, `host.${ending}`);
    writeFileSync(file, text);
    return file;
  });
}

/**
 * Downloads what `apt-get install` in a tree would ask for: the host's apt works it out against the tree's own list of
 * installed packages, so nothing runs inside and the host's keys and proxies apply.
 * @param status the tree's /var/lib/dpkg/status
 * @returns a folder in `scratch` that holds nothing but packages
 */
export async function downloadPackages(
  scratch: string,
  suite: Suite,
  status: string,
  packages: string[],
): Promise<string> {
  const [state, cache, parts] = ["state", "cache", "parts"].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ];
  const archives = join(cache, "archives");
  for (const folder of [join(state, "lists/partial"), join(archives, "partial")])
    mkdirSync(folder, { recursive: true });
  const options: Record<string, string> = {
    "Dir::State": state,
    "Dir::State::status": status,
    "Dir::Cache": cache,
    "Dir::Cache::archives": archives,
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "APT::Sandbox::User": "root",
    "APT::Keep-Downloaded-Packages": "true",
    "Acquire::Languages": "none",
  };
  if (writeSources(parts, suite).length > 0) {
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
  await apt("install", "-y", "--no-install-recommends", "--download-only", ...packages);
  rmSync(join(archives, "partial"), { recursive: true });
  rmSync(join(archives, "lock"), { force: true });
  return archives;
}
