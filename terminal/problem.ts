/** What went wrong, as a sentence for who can do something about it: the system's own words name a call and a code. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";

/** What it means of a path, and what to do next; `parent` is the folder that it is in. */
const meanings: Record<string, (path: string, parent: string) => string> = {
  ENOENT: (_, parent) =>
    existsSync(parent)
      ? "there is no such file or folder; look at how its name is written"
      : `there is no folder ${parent}; make it, or name another one`,
  EACCES: (_, parent) => `this user may not do that there; ls -ld ${parent} shows who may`,
  EPERM: (_, parent) => `this user may not do that there; ls -ld ${parent} shows who may`,
  ENOTDIR: () => "a part of this path is a file, and no folder; name another one",
  EISDIR: () => "that is a folder; name a file",
  EEXIST: () => "that is there already; remove it, or name another one",
  EROFS: () => "that is on a file system which nothing can be written to; name a place elsewhere",
  ENOSPC: (path) => `no room is left on the disk; make some, df -h ${path} shows how full it is`,
  EDQUOT: () => "this user has no room left on the disk; remove something, or have the quota raised",
  ENAMETOOLONG: () => "that name is too long; name a shorter one",
  ELOOP: () => "its links lead in a circle; mend them, or name another one",
  EIO: () => "the disk has failed; dmesg says more",
};

/** Of many open files at once. */
const tooMany = ["EMFILE", "ENFILE"];

/**
 * The message of what was thrown. Of what the system has refused: the path, what is wrong with it, what to do next.
 * @param file what it was about, where the error itself does not say
 */
export function messageOf(error: unknown, file?: string): string {
  if (!(error instanceof Error)) return String(error);
  const { code, syscall = "", path, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === "") return message;
  if (syscall.startsWith("spawn")) return programProblem(code, path ?? syscall.replace(/^spawn /, ""), message);
  if (tooMany.includes(code)) return "this user has too many files open; ulimit -n says how many there may be";
  const about = path ?? file;
  const meaning = meanings[code];
  if (meaning === undefined) return about === undefined || message.includes(about) ? message : `${about}: ${message}`;
  // The folder is the user's choice, if anybody's; what was to be made in it is not.
  if (syscall === "mkdtemp" && about !== undefined && dirname(about) === resolve(tmpdir())) {
    return `The folder for temporary files, ${dirname(about)} (TMPDIR): ${temporaryProblem(code, dirname(about))}`;
  }
  if (about === undefined)
    return code === "ENOSPC" ? "No room is left on the disk; df -h shows which one is full." : message;
  const whole = resolve(about);
  return `${whole}: ${meaning(whole, dirname(whole))}.`;
}

function temporaryProblem(code: string, folder: string): string {
  if (code === "ENOENT") return "it is not there; make it, or set TMPDIR to one that is.";
  if (code === "ENOSPC")
    return `no room is left on its disk; make some (df -h ${folder}), or set TMPDIR to another one.`;
  return "this user can't write to it; set TMPDIR to one of your own.";
}

function programProblem(code: string, program: string, message: string): string {
  if (code === "ENOENT") return `There is no program "${program}" on this machine's PATH; install it.`;
  if (code === "EACCES") return `This user may not run "${program}".`;
  return message;
}

/** Whether the system has refused something, and nobody's words are wrong. */
export const isSystems = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;

/**
 * Looks whether a file could be written, before the work whose result it is to hold.
 * @throws Error that says why not
 */
export function assertWritable(file: string): void {
  try {
    accessSync(existsSync(file) ? file : dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw new Error(messageOf(Object.assign(new Error(), { code, syscall }), file));
  }
  if (existsSync(file) && statSync(file).isDirectory())
    throw new Error(`${resolve(file)}: that is a folder; name a file.`);
}
