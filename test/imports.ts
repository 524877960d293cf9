/** Who imports whom, in TypeScript and in Python, and which files do so in a circle. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** What each file imports: the path of a file, or the name of a package as it is written. */
export type Imports = Map<string, string[]>;

export function typescriptImports(files: string[]): Imports {
  const namesIn = (file: string) =>
    ts.preProcessFile(readFileSync(file, "utf8"), true, true).importedFiles.map(({ fileName }) => fileName);
  return new Map(
    files.map((file) => [file, namesIn(file).map((name) => (name.startsWith(".") ? join(dirname(file), name) : name))]),
  );
}

/** Only what the files import of each other. */
export function pythonImports(files: string[]): Imports {
  const program = join(import.meta.dirname, "imports.py");
  const found = execFileSync("python3", ["-B", program, ...files], { encoding: "utf8" });
  return new Map(Object.entries(JSON.parse(found) as Record<string, string[]>));
}

/**
 * Every group of files that reach each other by imports, [] when there is none (Tarjan's strongly connected components).
 * Imports of types count, and those that a function makes when it runs: such a circle loads, but has no file to begin with.
 */
export function circles(imports: Imports): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const path: string[] = [];
  const visit = (file: string): number => {
    const at = order.size;
    order.set(file, at);
    path.push(file);
    const targets = (imports.get(file) ?? []).filter((target) => imports.has(target));
    let earliest = at;
    for (const target of targets) {
      if (!order.has(target)) earliest = Math.min(earliest, visit(target));
      else if (path.includes(target)) earliest = Math.min(earliest, order.get(target) ?? at);
    }
    if (earliest === at) {
      const group = path.splice(path.indexOf(file));
      if (group.length > 1 || targets.includes(file)) found.push(group.sort());
    }
    return earliest;
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return found;
}
