/** The Pulumi CLI that every command here uses: the user's own, else the one that npm's launcher fetches on first use. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { onPath } from "./onPath.ts";

/** A Stash, which keeps what the stack was made with, needs it. */
const oldestCli = [3, 208] as const;
const root = join(import.meta.dirname, "..");
/** npm's launcher of the Pulumi CLI. */
const launcher = join(root, "node_modules", ".bin", "pulumi");

/** An error that the user can act on: it is said without a stack. */
export class UserError extends Error {}

export interface Cli {
  file: string;
  /** How the user types it. */
  typed: string;
}

/** Runs the CLI in the project. `shown`: its progress and its errors go to the terminal as they come. */
export function run(cli: Cli, args: string[], shown = false): { ok: boolean; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(cli.file, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", shown ? "inherit" : "pipe"],
  });
  return { ok: status === 0, stdout: stdout ?? "", stderr: stderr ?? "" };
}

/** @throws UserError when there is none, none can be fetched, or it is too old */
export function findCli(): Cli {
  const own = onPath("pulumi");
  const cli = own ? { file: own, typed: "pulumi" } : { file: launcher, typed: "npx pulumi" };
  if (!own) console.error("No Pulumi CLI on this machine: npm's launcher provides one, and fetches it on first use.");
  const { ok, stdout } = run(cli, ["version"], true);
  if (!ok) {
    throw new UserError(
      own
        ? `${own} does not run; see above.`
        : `There is no Pulumi CLI on this machine, and it could not be fetched; see above. Nothing was done.
Run this again where the internet can be reached, or install the CLI and put it on PATH:
https://www.pulumi.com/docs/iac/download-install/
To try the cluster without it: npm run lab`,
    );
  }
  // The launcher's installer writes here too, before the CLI says its version.
  const version = stdout.trim().split("\n").at(-1) ?? "";
  const [, major = 0, minor = 0] = (/^v?(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major < oldestCli[0] || (major === oldestCli[0] && minor < oldestCli[1])) {
    throw new UserError(
      `${cli.file} is ${version || "of no version"}; needed is ${oldestCli.join(".")} or newer: https://www.pulumi.com/docs/iac/download-install/`,
    );
  }
  return cli;
}
