/** The node's half of the push, run from the unpacked bundle; node/install.sh tells what each does. */
import { readFileSync } from "node:fs";

const folder = new URL("node/", import.meta.url);
const names = ["install.sh", "uninstall.sh", "machine.sh", "activate", "healthy", "labels", "deactivate"] as const;

/** The scripts that install, activate, check and remove the files on a node. */
export const installScripts = (): { name: (typeof names)[number]; content: string }[] =>
  names.map((name) => ({ name, content: readFileSync(new URL(name, folder), "utf8") }));
