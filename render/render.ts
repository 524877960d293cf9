import { readdirSync, readFileSync } from "node:fs";
import Handlebars from "handlebars";
import type { CloudIds, NodeFile, NodeName, PairSettings } from "./model.ts";
import { planKeepalived, planVipConfig } from "./plan.ts";

/**
 * Templates to files. templates/etc mirrors the node's /etc: what ends in .hbs is rendered, everything else is the
 * file itself. A new file needs no line here.
 */

const templates = new URL("../templates/", import.meta.url);
const vipConfigPath = "/etc/keepalived/vip.json";
const templateSuffix = ".hbs";

/** The node's half of the push, run from the unpacked bundle; see templates/install/install.sh. */
export const installScriptNames = ["install.sh", "uninstall.sh", "activate", "healthy", "deactivate"] as const;

/** A checkout on Windows may have CRLF line ends; sh and systemd on the node would not take them. */
const readTemplate = (name: string): string => readFileSync(new URL(name, templates), "utf8").replaceAll("\r\n", "\n");

/** Template names relative to templates/, e.g. `etc/keepalived/keepalived.conf.hbs`, sorted by path on the node. */
function templateNames(): string[] {
  const list = (folder: string): string[] =>
    readdirSync(new URL(folder, templates), { withFileTypes: true }).flatMap((entry) => {
      // Left by running the Python files in place, or by an editor.
      if (entry.name === "__pycache__" || /^\.|~$|\.pyc$/.test(entry.name)) return [];
      return entry.isDirectory() ? list(`${folder}${entry.name}/`) : [`${folder}${entry.name}`];
    });
  return list("etc/").sort((x, y) => (pathOf(x) < pathOf(y) ? -1 : 1));
}

const pathOf = (template: string): string =>
  `/${template.endsWith(templateSuffix) ? template.slice(0, -templateSuffix.length) : template}`;

/** Executable are the scripts and those Python files that are started by name; modules of a package are not. */
const modeOf = (path: string): string => (/\.sh$|^\/etc\/keepalived\/[^/]+\.py$/.test(path) ? "0755" : "0644");

const byPath = (x: NodeFile, y: NodeFile): number => (x.path < y.path ? -1 : 1);

/** The files of a node that need nothing from the cloud, sorted by path. */
export function renderStatic(settings: PairSettings, node: NodeName): NodeFile[] {
  const values = planKeepalived(settings, node);
  return templateNames().map((name) => {
    const text = readTemplate(name);
    const content = name.endsWith(templateSuffix)
      ? Handlebars.compile(text, { strict: true, noEscape: true })(values)
      : text;
    return { path: pathOf(name), mode: modeOf(pathOf(name)), owner: "root:root", content };
  });
}

/** The files of a node that carry ids of the cloud's. */
export function renderCloud(settings: PairSettings, ids: CloudIds, node: NodeName): NodeFile[] {
  const content = `${JSON.stringify(planVipConfig(settings, ids, node), null, 2)}\n`;
  return [{ path: vipConfigPath, mode: "0600", owner: "root:root", content }];
}

/** Every file of a node, sorted by path. */
export function renderNode(settings: PairSettings, ids: CloudIds, node: NodeName): NodeFile[] {
  return [...renderStatic(settings, node), ...renderCloud(settings, ids, node)].sort(byPath);
}

/** Path of every file that a node gets, sorted; the same for both nodes and modes. */
export function nodeFilePaths(): string[] {
  return [...templateNames().map(pathOf), vipConfigPath].sort();
}

/** The scripts that install, activate, check and remove the files on a node. */
export function installScripts(): { name: (typeof installScriptNames)[number]; content: string }[] {
  return installScriptNames.map((name) => ({ name, content: readTemplate(`install/${name}`) }));
}
