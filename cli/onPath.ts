/** Which of the machine's programs is meant when the project names one that npm also brings. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "..");

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** A program of the user's own; npm's launchers in node_modules, also of the folders above, are none. */
export function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !folder.endsWith(join("node_modules", ".bin")));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** npm's launcher of the Pulumi CLI, which fetches one on first use. */
export const pulumiLauncher = join(root, "node_modules", ".bin", "pulumi");
