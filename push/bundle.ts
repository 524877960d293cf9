import { createHash } from "node:crypto";

/**
 * Packs a node's files and the programs that install them into one shell program. It travels on the standard input of
 * `sh -s install` or `sh -s uninstall`, so nothing of it is on a command line or in an error text. The connection is made by
 * components/nodeFiles.ts.
 */

export interface BundleFile {
  /** Absolute path on the node. */
  path: string;
  /** Octal, four digits. */
  mode: string;
  /** `user:group`. */
  owner: string;
  content: string;
}

export interface BundleInput {
  files: BundleFile[];
  /** Those of node/, see scripts.ts. */
  scripts: { name: string; content: string }[];
  /** Texts that no message of the node may show. */
  mask: string[];
  /** Whose bundle this is: only the same owner may remove what it installed. */
  owner: string;
  /** The machine was there before the pair and will be afterwards: what was on it is respected, see node/machine.sh. */
  existing?: boolean;
}

interface Entry {
  mode: string;
  content: string;
}

const blockBytes = 512;
const nameLimitBytes = 100;

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A checkout on Windows must give the same bytes. */
const unixLines = (text: string): string => text.replaceAll("\r\n", "\n");

/**
 * Uncompressed ustar, the same bytes for the same content on every system: sorted, no times, no users. Not gzip, whose
 * bytes differ between builds of zlib.
 * @throws Error for a name of more than 100 bytes.
 */
export function tar(entries: Record<string, Entry>): Buffer {
  const parts: Buffer[] = [];
  for (const name of Object.keys(entries).sort()) {
    const { mode, content } = entries[name] as Entry;
    if (Buffer.byteLength(name) > nameLimitBytes) {
      throw new Error(`${name}: the name is longer than the ${nameLimitBytes} bytes that the bundle's format takes`);
    }
    const data = Buffer.from(content, "utf8");
    const header = Buffer.alloc(blockBytes);
    const field = (text: string, at: number) => header.write(text, at, "latin1");
    header.write(name, 0, "utf8");
    field(`${mode.padStart(7, "0")}\0`, 100);
    field("0000000\0", 108);
    field("0000000\0", 116);
    field(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
    field("00000000000\0", 136);
    field(" ".repeat(8), 148); // the checksum counts as blanks while it is computed
    field("0", 156);
    field("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    field(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    parts.push(header, data, Buffer.alloc((blockBytes - (data.length % blockBytes)) % blockBytes));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

/** The bundle's content; its layout is described in node/install.sh. */
export function bundle({ files, scripts, mask, owner, existing = false }: BundleInput): Buffer {
  const sorted = [...files].sort((x, y) => (x.path < y.path ? -1 : 1));
  const entries: Record<string, Entry> = {};
  const lines = (all: string[]): Entry => ({ mode: "0600", content: all.map((line) => `${line}\n`).join("") });
  for (const { path, mode, content } of sorted) entries[`root${path}`] = { mode, content: unixLines(content) };
  for (const { name, content } of scripts) entries[name] = { mode: "0700", content: unixLines(content) };
  entries.files = lines(sorted.map(({ mode, owner: user, path }) => `${mode} ${user} ${path}`));
  entries.sums = lines(sorted.map(({ path, content }) => `${sha256(unixLines(content))}  .${path}`));
  entries.mask = lines(mask);
  entries.owner = lines([owner]);
  if (existing) entries.existing = lines([]);
  entries.id = lines([createHash("sha256").update(tar(entries)).digest("hex")]);
  return tar(entries);
}

/**
 * The program for all three verbs: install, change, removal. Its body is a function called on the last line, so a
 * connection cut while it is sent runs nothing. The lock keeps out a second run, which a client killed half-way would
 * otherwise cause; the time limit bounds one that hangs. It is not in /run/lock, which is everybody's: another user's file
 * of that name would keep every push off the node.
 */
export function pushProgram(input: BundleInput): string {
  const encoded = bundle(input)
    .toString("base64")
    .replace(/.{1,76}/g, "$&\n");
  return `main() {
  set -u; umask 077; trap '' PIPE HUP
  lock=/run/keepalived-cluster-push.lock
  # Who ends takes the file away, for a machine may stay that was there before: then what was waited for is another one.
  until
    exec 9>"$lock"
    flock -w 120 9 || { echo "keepalived-cluster: another installation has been running for 2 minutes" >&2; exit 75; }
    [ "$lock" -ef /proc/self/fd/9 ]
  do :; done
  rm -rf /run/keepalived-cluster.*
  d=$(mktemp -d /run/keepalived-cluster.XXXXXX) || exit 71
  trap 'rm -rf "$d" "$lock"' EXIT
  base64 -d <<'__BUNDLE__' | tar -xpf - -C "$d" || exit 72
${encoded}__BUNDLE__
  timeout -k 30 900 sh "$d/$1.sh" "$d" </dev/null
  exit $?
}
main "$@"
`;
}
