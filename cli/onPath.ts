/** Which of the machine's programs is meant when the project names one that npm also brings. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
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
