/** What a lab is on this machine, to tell what of it `down` has left. */
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { labNames } from "../../lab/fabric/names.ts";
import { claims, labPaths, readConfig, registry } from "../../lab/state.ts";

/** With whose it is: an address block that was given back may be another lab's a moment later. */
const claimed = ({ index, name }: { index: number; name: string }) => `${registry}/${index} ${name}`;

/** What labs consist of on this machine, as sorted lines. */
function machineState(): string[] {
  const text = (file: string, ...args: string[]) =>
    execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .trim()
      .split("\n");
  const folder = (path: string) => (existsSync(path) ? readdirSync(path).map((name) => `${path}/${name}`) : []);
  return [
    ...text("ip", "netns", "list"),
    ...text("ip", "rule", "list"),
    ...text("ip", "route", "list", "table", "all"),
    ...text("ip", "-o", "link", "show").map((line) => line.split(":")[1]?.trim() ?? ""),
    ...readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" ").slice(0, 3).join(" ")),
    ...globSync("/sys/fs/cgroup/{*,*/*}/"),
    ...claims().map(claimed),
    ...folder("/run/systemd/nspawn/locks"),
    ...folder("/run/systemd/nspawn/propagate"),
  ].sort();
}

/** Whether a line names something of this lab, by a whole word: a lab's name may be the beginning of another's. */
export function namesPartOf(lab: string, line: string): boolean {
  const names = labNames(lab);
  return line
    .split(/[\s/@]/)
    .some((word) => names.isNamespace(word) || names.isRootLink(word) || word === names.cgroup);
}

/** Of the machine's lines those that are this running lab's: other labs may come and go on the machine meanwhile. */
export function footprint(name: string): string[] {
  const index = readConfig(name)?.index;
  if (index === undefined) throw new Error(`no lab ${name}`);
  const { dir } = labPaths(name);
  const machines = join(dir, "machines");
  const marks = [`${dir}/`, `198.18.${index}.`];
  const locks = (existsSync(machines) ? readdirSync(machines) : []).map((id) => lockOf(join(machines, id, "root")));
  const ends = [claimed({ index, name }), ...locks];
  return machineState().filter(
    (line) =>
      namesPartOf(name, line) || marks.some((mark) => line.includes(mark)) || ends.some((end) => line.endsWith(end)),
  );
}

/** nspawn names its locks after the inode of a machine's root. */
function lockOf(root: string): string {
  const { dev, ino } = statSync(root, { bigint: true });
  return `inode-${dev}:${ino}`;
}

/** What is still there of it. */
export const leftOf = (own: string[]): string[] => machineState().filter((line) => own.includes(line));
