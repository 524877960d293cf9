/** `npm run ha -- key`: the private key of the nodes, for other programs than these. */
import { fchmodSync, fstatSync, ftruncateSync, readFileSync, writeSync } from "node:fs";
import { messageOf } from "../../../terminal/problem.ts";
import { haCommand } from "../../../terminal/typed.ts";
import { NewFile } from "../reach/newFile.ts";
import type { Target } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";

/** What npm prints before each script, unless it is told --silent. */
const npmBanner = /^\n?(> .*\n)+\n?$/;

/**
 * To a file, or to standard output where that is a file or a pipe. Not to a terminal, where a key stays in the scrollback
 * and in whatever records the screen.
 */
export function writeKey({ identity, title }: Target, file: string | undefined): number {
  if (identity === null) throw new Refusal(`The key of ${title} is with an SSH agent, and nowhere else.`, 3);
  const key = readKey(identity);
  if (file !== undefined) {
    new NewFile(file, 3).write(key);
    console.error(`Wrote the private key of ${title} to ${file}; only you can read it.`);
  } else if (process.stdout.isTTY) {
    throw new Refusal(
      `A private key is not printed on a terminal. To write it to a file: ${haCommand("key FILE")}`,
      64,
    );
  } else if (fstatSync(1).isFile()) {
    intoRedirected(key);
  } else {
    process.stdout.write(key);
  }
  return 0;
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Refusal(messageOf(error, file), 3);
  }
}

/** `> file`: the shell has made it by the user's umask, and npm has written its banner into it. */
function intoRedirected(key: string): void {
  fchmodSync(1, 0o600);
  let before = "";
  try {
    before = readFileSync("/dev/stdout", "utf8");
  } catch {
    // Not every system opens it for reading; then nothing is known of it, and nothing is taken away.
  }
  if (npmBanner.test(before)) {
    ftruncateSync(1, 0);
    writeSync(1, key, 0);
  } else {
    writeSync(1, key);
  }
}
