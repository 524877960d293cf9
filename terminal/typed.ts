/** Commands as they are to be typed next, with what leads to the same pair or lab as the command that prints them. */
import { word } from "./shell.ts";

/** What was said of the pair that this command is about, in its options or its environment. */
export interface Named {
  stack?: string | undefined;
  cwd?: string | undefined;
  identity?: string | undefined;
  lab?: string | undefined;
}

let named: Named = {};

/** From here on every hint names this pair. */
export function hintsName(pair: Named): void {
  named = pair;
}

const options = (...names: (keyof Named)[]): string =>
  names
    .flatMap((name) => {
      const given = named[name];
      return given === undefined ? [] : [` --${name} ${word(given)}`];
    })
    .join("");

/** @param words what follows `npm run ha -- `, as it is typed where nothing has to be named */
export function haCommand(words: string): string {
  const where = options("stack", "cwd", "identity", "lab");
  // What follows a node is a command of its own, options too.
  return words.startsWith("ssh ") ? `npm run ha --${where} ${words}` : `npm run ha -- ${words}${where}`;
}

/** What brings the pair up to date, or makes it. */
export function upCommand(): string {
  if (named.lab !== undefined) return labCommand("", named.lab);
  const where = options("stack", "cwd");
  return `npm run up${where && ` --${where}`}`;
}

/**
 * @param words what follows `npm run lab -- `
 * @param name of the lab
 */
export function labCommand(words = "", name = process.env.LAB_NAME ?? "lab"): string {
  // By a program, for a shell such as csh knows no other way to set it for one command.
  const before = name === "lab" ? "" : `env LAB_NAME=${word(name)} `;
  return `${before}npm run lab${words && ` -- ${words}`}`;
}
