/** Whether this machine has what a real `pulumi up` of the program needs. Looks only; downloads nothing. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

export interface RealEngine {
  /** The CLI's executable. */
  file: string;
  version: string;
}

export interface Finding {
  engine: RealEngine | null;
  /** What is not here, each with how to get it; empty when everything is. */
  missing: string[];
}

const root = join(import.meta.dirname, "..", "..");
/** The Stash resource, which guards the running stack's addresses, came with this version. */
const leastVersion = [3, 208];

/** The user's folder of plugins and downloaded CLIs. */
export const userPulumiHome = (): string => process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
/** Where the terraform-provider plugin keeps the providers that it has fetched. */
export const providerCache = (): string =>
  process.env.PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR ?? join(userPulumiHome(), "dynamic_tf_plugins");

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Folders of PATH, without the project's own: npm's `pulumi` there is a launcher that downloads the CLI. */
const searchPath = (): string[] =>
  (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && !folder.endsWith("node_modules/.bin"));
const onPath = (name: string, folders = searchPath()): string | undefined =>
  folders.map((folder) => join(folder, name)).find(isExecutable);

interface PackageFile {
  version: string;
  pulumi?: { name: string; version: string; parameterization?: { name: string; version: string } };
}
const packageOf = (name: string): PackageFile =>
  JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as PackageFile;

/** The CLI on PATH, or the one that npm's launcher has downloaded before. */
function findCli(): RealEngine | null {
  const launched = join(userPulumiHome(), "versions", packageOf("pulumi").version, "bin", "pulumi");
  const file = onPath("pulumi") ?? (isExecutable(launched) ? launched : undefined);
  if (file === undefined) return null;
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const version = execFileSync(file, ["version"], { encoding: "utf8", env }).trim();
  return { file, version };
}

const isOld = (version: string): boolean => {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major < leastVersion[0]! || (major === leastVersion[0] && minor < leastVersion[1]!);
};

function hasPlugin(name: string): boolean {
  if (onPath(`pulumi-resource-${name}`) !== undefined) return true;
  const folder = join(userPulumiHome(), "plugins");
  return existsSync(folder) && readdirSync(folder).some((entry) => entry.startsWith(`resource-${name}-v`));
}

/** Looks for the CLI, its Node.js language host, both plugins and the provider itself. */
export function findRealEngine(): Finding {
  const engine = findCli();
  const missing: string[] = [];
  const wanted = `${leastVersion.join(".")} or newer`;
  if (engine === null) {
    missing.push(
      `the Pulumi CLI ${wanted}: https://www.pulumi.com/docs/iac/download-install/, or "npx pulumi version"`,
    );
  } else if (isOld(engine.version)) {
    missing.push(`the Pulumi CLI ${wanted}; ${engine.file} is ${engine.version}`);
  }
  const host = "pulumi-language-nodejs";
  if (engine !== null && onPath(host, [dirname(engine.file), ...searchPath()]) === undefined) {
    missing.push(`${host}, which comes with the CLI, beside it or on PATH`);
  }
  for (const { pulumi } of [packageOf("@pulumi/command"), packageOf("@pulumi/tencentcloud")]) {
    if (pulumi !== undefined && !hasPlugin(pulumi.name)) {
      missing.push(`the plugin ${pulumi.name}: pulumi plugin install resource ${pulumi.name} ${pulumi.version}`);
    }
  }
  const provider = packageOf("@pulumi/tencentcloud").pulumi?.parameterization;
  const cached = join(providerCache(), "registry.opentofu.org/tencentcloudstack/tencentcloud", provider?.version ?? "");
  if (!existsSync(cached)) {
    missing.push(
      `the provider ${provider?.name} ${provider?.version}, which the first "pulumi up" with internet fetches`,
    );
  }
  return { engine, missing };
}
