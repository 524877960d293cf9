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
const keyPath = "/etc/keepalived/credentials.json";
const notifyUrlPath = "/etc/keepalived/notify_url";
const hooksFolder = "/etc/keepalived/hooks";
const templateSuffix = ".hbs";

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

/** Files that a node has only when there is something for them to do. */
const onlyWith: Record<string, (settings: PairSettings) => boolean> = {
  "/etc/keepalived/connections.sh": ({ keepConnectionsS }) => keepConnectionsS !== null,
  "/etc/systemd/system/keepalived-vip-health.service": ({ healthCheck }) => healthCheck !== null,
  "/etc/systemd/system/keepalived-vip-hooks.service": ({ hooks }) => hooks.length > 0,
};

const byPath = (x: NodeFile, y: NodeFile): number => (x.path < y.path ? -1 : 1);

/** The files of a node that need nothing from the cloud, sorted by path. */
export function renderStatic(settings: PairSettings, node: NodeName): NodeFile[] {
  const values = planKeepalived(settings, node);
  const wanted = templateNames().filter((name) => onlyWith[pathOf(name)]?.(settings) ?? true);
  const files = wanted.map((name): NodeFile => {
    const text = readTemplate(name);
    const content = name.endsWith(templateSuffix)
      ? Handlebars.compile(text, { strict: true, noEscape: true })(values)
      : text;
    return { path: pathOf(name), mode: modeOf(pathOf(name)), owner: "root:root", content };
  });
  return [...files, ...usersFiles(settings)].sort(byPath);
}

/** The user's scripts, and where the nodes send word: the URL, below it the format and a robot's secret if there are any. */
function usersFiles({ hooks, notifyUrl, notifyFormat, notifySecret }: PairSettings): NodeFile[] {
  const scripts = hooks.map(({ state, name, content }): NodeFile => {
    return { path: `${hooksFolder}/${state}/${name}`, mode: "0755", owner: "root:root", content };
  });
  if (notifyUrl === null) return scripts;
  const secrets = [notifyUrl, notifySecret].filter((text) => text !== null);
  const lines = notifyFormat === "json" ? [notifyUrl] : [notifyUrl, notifyFormat, ...secrets.slice(1)];
  const content = lines.map((line) => `${line}\n`).join("");
  return [...scripts, { path: notifyUrlPath, mode: "0600", owner: "root:root", content, secrets }];
}

/** The files of a node that carry ids of the cloud's. */
export function renderCloud(settings: PairSettings, ids: CloudIds, node: NodeName): NodeFile[] {
  const content = `${JSON.stringify(planVipConfig(settings, ids, node), null, 2)}\n`;
  const { healthCheck } = settings;
  const secrets = healthCheck?.secret ? { secrets: [String(healthCheck.target)] } : {};
  return [{ path: vipConfigPath, mode: "0600", owner: "root:root", content, ...secrets }];
}

/** The key of a node without a role, as the runtime reads it (cloud/credentials.py). */
export function renderKey({ secretId, secretKey }: { secretId: string; secretKey: string }): NodeFile[] {
  const content = `${JSON.stringify({ TmpSecretId: secretId, TmpSecretKey: secretKey })}\n`;
  return [{ path: keyPath, mode: "0600", owner: "root:root", content, secrets: [secretKey] }];
}

/** Every file of a node, sorted by path. */
export function renderNode(settings: PairSettings, ids: CloudIds, node: NodeName): NodeFile[] {
  return [...renderStatic(settings, node), ...renderCloud(settings, ids, node)].sort(byPath);
}
