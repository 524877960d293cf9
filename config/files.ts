/** Files of the user's that are read before anything is made. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type HookScript, type HookState, hookStates } from "../render/model.ts";
import { shown } from "../render/shown.ts";

/** The provider encodes user data as base64, and RunInstances takes 16 KB of that (document/product/213/15730). */
const userDataLimitBytes = 12 * 1024;
export const userDataAllowed = "a readable file of at most 12 KB";

/** The push travels on one standard input that the state keeps three times over: scripts, not programs. */
const hookLimitBytes = 64 * 1024;
const hooksLimitBytes = 256 * 1024;
export const hooksAllowed = "a folder with scripts in active/, in standby/ or in both";

const reasons: Record<string, string> = {
  ENOENT: "there is none",
  EACCES: "this user may not read it",
  EISDIR: "that is a folder",
  ENOTDIR: "that is no folder, or lies below a file",
};
const reasonOf = (error: unknown): string => {
  const { code = "unreadable" } = error as { code?: string };
  return reasons[code] ?? code;
};

/** Text of userDataFile. `read` throws when it can't. */
export function readUserData(
  file: string | undefined,
  read: ((file: string) => string) | undefined,
  report: (key: string, text: string) => void,
): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = (read ?? ((name) => readFileSync(name, "utf8")))(file);
  } catch (error) {
    report("userDataFile", `${shown(file)} can't be read (${reasonOf(error)}); allowed: ${userDataAllowed}`);
    return undefined;
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > userDataLimitBytes) {
    report("userDataFile", `${shown(file)} has ${bytes} bytes; allowed: at most ${userDataLimitBytes}`);
  }
  return text;
}

/** The scripts below hooksDir, sorted as they run; every one that won't do is reported by its path. */
export function readHooks(folder: string | undefined, report: (key: string, text: string) => void): HookScript[] {
  if (folder === undefined) return [];
  let problems = 0;
  const refuse = (path: string, text: string): void => {
    problems += 1;
    report("hooksDir", `${shown(path)} ${text}`);
  };
  // Hidden files are an editor's or git's.
  const list = (path: string) => {
    try {
      const entries = readdirSync(path, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."));
      return entries.sort((x, y) => (x.name < y.name ? -1 : 1));
    } catch (error) {
      refuse(path, `can't be read (${reasonOf(error)}); allowed: ${hooksAllowed}`);
      return [];
    }
  };
  const scripts = list(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    const state = hookStates.find((name) => name === entry.name);
    if (state && entry.isDirectory()) {
      return list(path).flatMap((file) => readHook(join(path, file.name), file, state, refuse) ?? []);
    }
    refuse(path, "is none of the two folders; allowed: active and standby, with the scripts in them");
    return [];
  });
  if (scripts.length === 0 && problems === 0) refuse(folder, `has no script; allowed: ${hooksAllowed}`);
  const bytes = scripts.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  if (bytes > hooksLimitBytes) refuse(folder, `has ${bytes} bytes of scripts; allowed: at most ${hooksLimitBytes}`);
  return scripts;
}

function readHook(
  path: string,
  file: { name: string; isFile(): boolean; isSymbolicLink(): boolean },
  state: HookState,
  refuse: (path: string, text: string) => void,
): HookScript | null {
  const no = (text: string): null => {
    refuse(path, text);
    return null;
  };
  // A link may lead out of the folder, and to something else on the next machine.
  if (file.isSymbolicLink()) return no("is a symbolic link; allowed: regular files");
  if (!file.isFile()) return no("is no regular file; allowed: regular files");
  if (!/^[A-Za-z0-9][\w.-]{0,49}$/.test(file.name)) {
    return no("has a name that won't do; allowed: at most 50 letters, digits, dots, hyphens and underscores");
  }
  let data: Buffer;
  try {
    data = readFileSync(path);
  } catch (error) {
    return no(`can't be read (${reasonOf(error)}); allowed: readable files`);
  }
  if (data.length > hookLimitBytes) return no(`has ${data.length} bytes; allowed: at most ${hookLimitBytes}`);
  const content = data.toString("utf8");
  // The bundle carries text; and without its first line the kernel would not know what to start.
  const isScript = content.startsWith("#!/") && !content.includes("\0") && Buffer.from(content).equals(data);
  return isScript ? { state, name: file.name, content } : no("is no script; allowed: text that begins with #!/");
}
