/** The host's own apt sources and apt settings, so that the image comes from where this machine gets its packages. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../run.ts";

/** Debian suites that an image can be built of. */
export const suites = ["bullseye", "bookworm", "trixie"] as const;
export type Suite = (typeof suites)[number];

const suiteWord = new RegExp(`\\b(${suites.join("|")}|stable|oldstable|testing)(?=$|[-/\\s])`, "g");

/** One stanza or line, made to name another suite; null when it is not Debian's own archive. */
function adapt(text: string, suite: Suite, hostSuite: string): string | null {
  suiteWord.lastIndex = 0;
  const names = text.match(suiteWord) ?? [];
  const suitesWanted = names.some((name) => name === hostSuite || name === suite);
  return suitesWanted ? text.replaceAll(suiteWord, (word) => (word === hostSuite ? suite : word)) : null;
}

/** deb822 stanzas of Debian proper: an "nodistro" or "cloud-sdk-bookworm" suite is another vendor's. */
function deb822(text: string, suite: Suite, hostSuite: string): string[] {
  return text
    .split(/\n\s*\n/)
    .map((stanza) => stanza.replaceAll(/^#.*\n?/gm, "").trim())
    .filter((stanza) => /^Types:.*\bdeb\b/m.test(stanza) && !/^Enabled:\s*no/im.test(stanza))
    .filter((stanza) => new RegExp(`^Suites:\\s*(${hostSuite}|${suite})\\b`, "m").test(stanza))
    .filter((stanza) => /^Components:.*\bmain\b/m.test(stanza))
    .map((stanza) => adapt(stanza, suite, hostSuite))
    .filter((stanza) => stanza !== null);
}

function oneLine(text: string, suite: Suite, hostSuite: string): string[] {
  const shape = new RegExp(
    `^deb\\s+(\\[[^\\]]*\\]\\s+)?\\S+\\s+(${hostSuite}|${suite})(-security|-updates|/updates)?\\s+main\\b`,
  );
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => shape.test(line))
    .map((line) => adapt(line, suite, hostSuite))
    .filter((line) => line !== null);
}

function textsIn(etcApt: string, ending: string): string[] {
  const folder = join(etcApt, "sources.list.d");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)) : [];
  const files = names.sort().map((name) => join(folder, name));
  if (ending === ".list" && existsSync(join(etcApt, "sources.list"))) files.unshift(join(etcApt, "sources.list"));
  return files.map((file) => readFileSync(file, "utf8"));
}

/**
 * Debian's archives as this host knows them, with `suite` in the place of the host's own release.
 * Gives sources files by their ending; none when the host has no Debian archive of its own.
 */
export function debianSources(
  suite: Suite,
  etcApt = "/etc/apt",
  osRelease = "/etc/os-release",
): Record<string, string> {
  const hostSuite = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync(osRelease, "utf8"))?.[1] ?? suite;
  const stanzas = textsIn(etcApt, ".sources").flatMap((text) => deb822(text, suite, hostSuite));
  const lines = textsIn(etcApt, ".list").flatMap((text) => oneLine(text, suite, hostSuite));
  return {
    ...(stanzas.length > 0 ? { sources: `${stanzas.join("\n\n")}\n` } : {}),
    ...(lines.length > 0 ? { list: `${lines.join("\n")}\n` } : {}),
  };
}

/** How this host fetches (proxy, certificates, date checks), as an apt.conf for a tool that would ignore /etc/apt. */
export async function hostAcquireConf(): Promise<string> {
  const dump = await run("apt-config", ["dump", "--format", '%F "%v";%n']);
  return dump
    .split("\n")
    .filter((line) => line.startsWith("Acquire::") && !line.endsWith(' "";'))
    .join("\n")
    .concat("\n");
}
