/** A page as it is typed: each line at a terminal, with what a person types while it runs, and what the page says of it. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Lab, until } from "../../support/lab.ts";
import { Terminal, userPath } from "../../support/terminal.ts";
import { pulumiOf } from "../ha.ts";

export interface Scene {
  lab: Lab;
  /** A folder of the test's own: FILE is in it. */
  folder: string;
}

export interface Told {
  /** All of it is on the screen. */
  says: RegExp[];
  /** What a person types when something is on the screen, and what has to be true before. */
  answers?: { to: RegExp; keys: string; once?: (scene: Scene) => Promise<unknown> }[];
  /** Exit code, 0 by default; null where Ctrl-C ends it. */
  code?: number | null;
  /** Begun before the command; what it gives has to hold afterwards. */
  around?: (scene: Scene) => Promise<() => Promise<unknown>>;
  /** What is true afterwards. */
  afterwards?: (scene: Scene) => Promise<unknown>;
}

/** What the line means here: this lab is meant, and no stack that may be set up where the tests run. */
function meant(line: string, { lab, folder }: Scene): string {
  if (!line.startsWith("npm ")) return `npm run lab -- ssh a ${line}`;
  const here = line.includes("--all") ? line : line.replace(/^npm run ha --/, `$& --lab ${lab.name}`);
  return here.replace(/\bFILE$/, join(folder, "key"));
}

/** Types the line, and holds what comes of it against what the page says. */
export async function follow(
  line: string,
  { says, answers = [], code = 0, around, afterwards }: Told,
  scene: Scene,
): Promise<void> {
  const held = await around?.(scene);
  // Of this machine's stacks only those that the lab's pair plays.
  const pulumi = line.includes("--all") ? pulumiOf(scene.lab) : null;
  try {
    const PATH = [...(pulumi === null ? [] : [pulumi]), userPath()].join(delimiter);
    const terminal = new Terminal(meant(line, scene), { LAB_NAME: scene.lab.name, PATH });
    for (const { to, keys, once } of answers) {
      await until(`${to} on the screen`, () => to.test(terminal.text) || terminal.over);
      if (!terminal.over) await once?.(scene);
      terminal.type(keys);
    }
    const ended = await terminal.ended;
    if (code !== null) assert.equal(ended, code, terminal.text);
    for (const what of says) assert.match(terminal.text, what);
  } finally {
    if (pulumi !== null) rmSync(pulumi, { recursive: true });
    await held?.();
  }
  await afterwards?.(scene);
}
