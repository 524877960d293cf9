/** `npm run ha -- logs --bundle`: all that somebody needs who is to help, in one file, without what opens anything. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type NodeName, nodeNames } from "../../../render/model.ts";
import { folded } from "../../../terminal/fold.ts";
import { printable } from "../../../terminal/printable.ts";
import { messageOf } from "../../../terminal/problem.ts";
import { Progress } from "../../../terminal/progress.ts";
import { masked, secretsIn } from "../pair/mask.ts";
import { screen } from "../pair/screen.ts";
import { NewFile } from "../reach/newFile.ts";
import { askNode } from "../reach/ssh.ts";
import { nameOf, type Target, temporaryFolder } from "../reach/target.ts";
import { Refusal } from "../refusal.ts";
import { historyJson, historyLines, pastOf } from "./history.ts";
import { codeOf, logLines, saidBoth } from "./logs.ts";
import { checkBoth, checksScreen } from "./selfTest.ts";
import { look, statusJson } from "./status.ts";

const limitMs = 20_000;
/** A page's width: who reads the files has no terminal of a known width. */
const width = 160;
const historyS = 30 * 86_400;

/**
 * A line for each file: `file`, its path, its content. Of those that were pushed what is rendered: the program's own modules
 * are the release's (their digests are in `sums`), and a user's scripts are the user's. `secret` is only looked at for what
 * to mask, and `versions` is no file.
 */
const question = `cd / || exit
encoded() { printf '%s %s ' "$1" "$2"; base64 | tr -d '\\n'; echo; }
state=/var/lib/keepalived-cluster/state
for path in $(awk '{ print $3 }' $state/files | grep -v -e /keepalived_vip/ -e /hooks/) $state/files $state/sums; do
  [ ! -f "$path" ] || encoded file "$path" <"$path"
done
for path in /run/keepalived-vip/credentials.json /etc/keepalived/credentials.json /etc/keepalived/notify_url; do
  [ ! -f "$path" ] || encoded secret "$path" <"$path"
done
{ uname -a; cat /etc/os-release; keepalived --version 2>&1 | head -n 2; python3 --version; systemctl --version | head -n 1
  systemctl --no-pager list-units --all 'keepalived*'; } | encoded versions -`;

interface Told {
  /** Text by path. */
  files: Map<string, string>;
  versions: string;
  secrets: string[];
}

/** A node may be somebody else's by now: its paths name files in a folder of ours. */
const pathPattern = /^(?:\/(?!\.\.?(?:\/|$))[\w.@-]+){2,12}$/;

/** Pure. Lines that are none are left out. */
export function parseFiles(stdout: string): Told {
  const told: Told = { files: new Map(), versions: "", secrets: [] };
  for (const line of stdout.split("\n")) {
    const [, kind, path = "", encoded = ""] = /^(file|secret|versions) (\S+) ([\w+/=]*)$/.exec(line) ?? [];
    const text = printable(Buffer.from(encoded, "base64").toString("utf8").replaceAll("\t", "  "));
    if (kind === "versions") told.versions = text;
    if (kind === undefined || !pathPattern.test(path)) continue;
    told.secrets.push(...secretsIn(path, text));
    if (kind === "file") told.files.set(path, text);
  }
  return told;
}

async function filesOf(target: Target, node: NodeName): Promise<{ told: Told; problem: string | null }> {
  const { code, stdout, stderr } = await askNode(target, node, question, limitMs);
  if (code === 0) return { told: parseFiles(stdout), problem: null };
  return { told: parseFiles(""), problem: stderr.split("\n").at(-1) || "no answer" };
}

/** What is missing of a node, by part; a node that gave nothing is told in one line. Pure. */
export function missingOf(node: NodeName, parts: Record<string, string | null>): string[] {
  const open = Object.entries(parts).flatMap(([part, problem]) => (problem === null ? [] : [{ part, problem }]));
  if (open.length === Object.keys(parts).length) return [`${node} could not be asked: ${open[0]?.problem}`];
  return open.map(({ part, problem }) => `${part} of ${node}: ${problem}`);
}

/** Of lines as `a: no answer` the one of a node, without its name. */
const problemOf = (node: NodeName, problems: string[]): string | null =>
  problems.find((one) => one.startsWith(`${node}: `))?.slice(node.length + 2) ?? null;

const program = (): string => {
  const { name, version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"));
  return `${name} ${version}, Node.js ${process.version}, ${process.platform}`;
};

/** All texts by their names in the file, and what is missing of each node. */
async function gathered(target: Target, sinceS: number): Promise<{ texts: Map<string, string>; missing: string[][] }> {
  const view = await look(target);
  // Several logins at once take their time, and who has just answered is no dead node.
  const reachMs = Object.fromEntries(
    nodeNames.filter((node) => view.nodes[node].report).map((node) => [node, limitMs]),
  );
  const known = { ...target, reachMs };
  const [past, said, checks, a, b] = await Promise.all([
    pastOf(known, historyS),
    saidBoth(known, sinceS),
    checkBoth(known),
    filesOf(known, "a"),
    filesOf(known, "b"),
  ]);
  const files = { a, b };
  const told = { a: a.told, b: b.told };
  const missing = nodeNames.map((node) =>
    missingOf(node, {
      status: view.nodes[node].problem,
      history: problemOf(node, past.problems),
      logs: problemOf(node, said.problems),
      "self-test": checks[node].problem,
      files: files[node].problem,
    }),
  );
  const texts = new Map([
    ["status.txt", screen(target.title, target, view, width)],
    ["status.json", JSON.stringify(statusJson(target, view), null, 2)],
    ["history.txt", historyLines(past.moves, width).join("\n")],
    ["history.json", JSON.stringify(historyJson(target, past), null, 2)],
    ["logs.txt", [...logLines(said.entries), ...said.problems].join("\n")],
    ["self-test.txt", checksScreen(target.title, checks, width)],
    [
      "versions.txt",
      [program(), ...nodeNames.flatMap((node) => ["", `node ${node}:`, told[node].versions])].join("\n"),
    ],
    ...nodeNames.flatMap((node) => [...told[node].files].map(([path, text]) => [`${node}${path}`, text] as const)),
  ]);
  const secrets = [...told.a.secrets, ...told.b.secrets];
  return { texts: new Map([...texts].map(([name, text]) => [name, masked(text, secrets)])), missing };
}

/** What is in it, as its first file and as the command's own output. Pure. */
export function contents(title: string, when: Date, texts: Map<string, string>, problems: string[]): string {
  const sizes = [...texts].map(([name, text]) => `${String(Buffer.byteLength(text) + 1).padStart(9)}  ${name}`);
  return [
    `${title}, ${when.toISOString()}`,
    "What is known to be secret, or looks like it, is masked as ***.",
    "Addresses, names of machines, users and stacks, and what your health check says are in here.",
    "Read it before you pass it on.",
    "",
    "    bytes  file",
    ...sizes,
    ...(problems.length > 0 ? ["", "Missing:", ...problems.map((problem) => `  ! ${problem}`)] : []),
  ].join("\n");
}

/** Exit code as `logs` has it: 0 both nodes answered, 1 one did, 3 none; the file is there in each case. */
export async function bundle(target: Target, sinceS: number, file: string): Promise<number> {
  // First of all: nobody wants to wait for a refusal.
  const made = new NewFile(file, 64);
  const progress = new Progress("both nodes' answers");
  try {
    const { texts, missing } = await gathered(target, sinceS);
    const now = new Date();
    const about = contents(target.title, now, texts, missing.flat());
    const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
    const top = `${nameOf(target).replace(/[^\w.-]+/g, "-")}-${stamp}`;
    const folder = temporaryFolder();
    for (const [name, text] of new Map([["CONTENTS.txt", about], ...texts])) {
      const path = join(folder, top, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${text}\n`, { mode: 0o600 });
    }
    made.write(execFileSync("tar", ["-czf", "-", "-C", folder, top], { maxBuffer: 1 << 28 }));
    progress.end();
    console.log(`${folded(about)}\n\nWrote ${file}; only you can read it.`);
    return codeOf(missing.filter((of) => of.length > 0).length);
  } catch (error) {
    progress.end();
    made.forget();
    throw error instanceof Refusal ? error : new Refusal(`${file} was not written: ${messageOf(error)}`, 3);
  }
}
