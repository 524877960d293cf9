/** docs/runbook.md, followed to the letter: its commands in a shell, with the ids that a user would fill in. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repairVariable } from "../../config/repair.ts";
import { labPaths } from "../../lab/state.ts";
import { labCommand } from "../support/lab.ts";
import { lastWords } from "./realLab.ts";

const root = join(import.meta.dirname, "..", "..");
const text = readFileSync(join(root, "docs/runbook.md"), "utf8");
const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((part) => [part.split(/[.\n]/)[0], /^```sh\n(.*?)^```/ms.exec(part)?.[1]]),
);

/** Takes the place of what lies outside the lab: the CLI is the lab's, on the lab's stack, and asks nothing. */
const substitutes = `
pulumi() { (cd "$ROOT" && "$NODE" ${labCommand(["pulumi"]).join(" ")} "$@"); }
npm() {
  shift 2; [ $# -eq 0 ] || shift
  if [ "\${1:-}" = --repair ]; then shift; set -- --refresh "$@"; export ${repairVariable}="$(date)"; fi
  pulumi up --yes --skip-preview --non-interactive "$@"
}
`;

export interface Case {
  section: number;
  /** Of the lines that adopt something, the one for this resource. */
  adopt?: string;
  /** The text is for node a. */
  node?: "a" | "b";
  /** What the capitals stand for, and other words of the text that the lab has otherwise. */
  words?: Record<string, string>;
}

/** Runs the commands of one section as they stand there; fails when one of them does. */
export async function followRunbook(lab: string, { section, adopt, node = "a", words = {} }: Case): Promise<string> {
  const [definitions, block] = [sections.get("Before you start"), sections.get(String(section))];
  if (!definitions || !block) throw new Error(`docs/runbook.md has no commands in section ${section}`);
  const lines = block
    .split("\n")
    .filter((line) => !line.startsWith("adopt ") || line.includes(` ${adopt} `))
    .join("\n")
    .replaceAll(/\bha-(vip-eni-)?a\b/g, `ha-$1${node}`);
  const filled = Object.entries(words).reduce(
    (all, [word, id]) => all.replaceAll(new RegExp(`\\b${word}\\b`, "g"), id),
    lines,
  );
  const child = spawn("sh", ["-eu", "-c", `${definitions}\n${substitutes}\n${filled}`], {
    cwd: join(labPaths(lab).dir, "pulumi"),
    env: { ...process.env, LAB_NAME: lab, NODE: process.execPath, ROOT: root },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk;
    });
  }
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0)
    throw new Error(`docs/runbook.md, section ${section}, ended with ${code}:\n${filled}\n${lastWords(said)}`);
  return said;
}
