/** A fabric of a test's own: no local cloud, no machines unless asked for, views written by hand. */
import { randomBytes } from "node:crypto";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { NetworkView, PortView, RuleView } from "../../lab/dataplane.ts";
import { createFabric, type Fabric, removeFabric, type Services } from "../../lab/fabric/index.ts";
import { labNames } from "../../lab/fabric/names.ts";
import { ipJson, run, tryRun } from "../../lab/fabric/run.ts";
import { cacheDir } from "../../lab/state.ts";

/** Labs use 0-6, so a test never meets one. */
export const testIndex = 7;
export const ports = { metadataPort: 18_070, apiTlsPort: 18_071, dnsPort: 18_072, mirrorPort: 18_073 };
export const noServices: Services = { ports, open: async () => ({ close: async () => {} }) };
export const eips = ["203.0.113.225", "203.0.113.226", "203.0.113.227"] as const;

export const everything: RuleView[] = [{ protocol: "ALL", port: "ALL", cidr: "0.0.0.0/0", action: "ACCEPT" }];

/** An ENI of 10.77.1.0/24; what a test does not care for has a plain value. */
export function port(instanceId: string, last: number, more: Partial<PortView> = {}): PortView {
  const address = `10.77.1.${last}`;
  const hex = last.toString(16).padStart(2, "0").toUpperCase();
  return {
    eniId: `eni-test00${hex.toLowerCase()}`,
    subnetId: "subnet-1",
    instanceId,
    deviceIndex: 0,
    mac: `52:54:00:77:01:${hex}`,
    primaryAddress: address,
    addresses: [address],
    ingress: everything,
    egress: everything,
    ...more,
  };
}

export const vpc = (ports: PortView[], more: Partial<NetworkView> = {}): NetworkView => ({
  vpcId: "vpc-1",
  cidr: "10.77.0.0/16",
  subnets: [{ subnetId: "subnet-1", cidr: "10.77.1.0/24", gateway: "10.77.1.1" }],
  ports,
  publicAddresses: [],
  ...more,
});

export interface TestFabric {
  name: string;
  dir: string;
  fabric: Fabric;
  /** Namespace that stands for a machine: a guest without a boot. */
  guest(instanceId: string): string;
  /** Does in a guest what its own network set-up would: addresses and the default route of eth0. */
  configure(instanceId: string, addresses: string[]): Promise<void>;
  remove(): Promise<void>;
}

/** @param open what of the cloud's services the test wants, see `Services.open` */
export async function testFabric(open = noServices.open): Promise<TestFabric> {
  const name = `t${randomBytes(3).toString("hex")}`;
  const dir = mkdtempSync(join(tmpdir(), `fabric-${name}-`));
  const names = labNames(name);
  const services = { ports, open };
  const fabric = createFabric({ name, index: testIndex, dir, cacheDir: cacheDir(), services, log: () => {} });
  await fabric.up();
  return {
    name,
    dir,
    fabric,
    guest: (instanceId) => names.machine(instanceId),
    async configure(instanceId, addresses) {
      const inside = ["-n", names.machine(instanceId)];
      await run("ip", [...inside, "addr", "flush", "dev", "eth0"]);
      await run("ip", [...inside, "link", "set", "eth0", "up"]);
      for (const [n, address] of addresses.entries()) {
        await run("ip", [...inside, "addr", "add", `${address}/${n === 0 ? 24 : 32}`, "dev", "eth0"]);
      }
      await run("ip", [...inside, "route", "replace", "default", "via", "10.77.1.1", "src", addresses[0] ?? ""]);
    },
    async remove() {
      await fabric.down();
      await removeFabric(name, dir);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Runs a program in a namespace. */
export const within = (namespace: string, ...argv: string[]) => tryRun("ip", ["netns", "exec", namespace, ...argv]);

/** Whether a ping from a namespace is answered. `from` picks the source address. */
export async function pings(namespace: string, address: string, from?: string): Promise<boolean> {
  const source = from === undefined ? [] : ["-I", from];
  return (await within(namespace, "ping", "-c", "2", "-i", "0.05", "-W", "0.4", ...source, address)).code === 0;
}

/** What a TCP connect meets. `refused` proves that the packet arrived: the guest itself said no. */
export async function knock(
  namespace: string,
  address: string,
  tcpPort: number,
): Promise<"open" | "refused" | "silence"> {
  const script = `const s = require("node:net").connect(${tcpPort}, "${address}");
    const end = (word) => { console.log(word); process.exit(); };
    s.on("connect", () => end("open"));
    s.on("error", (e) => end(e.code === "ECONNREFUSED" ? "refused" : "silence"));
    setTimeout(() => end("silence"), 600);`;
  const { stdout } = await within(namespace, process.execPath, "-e", script);
  return stdout.trim() as "open" | "refused" | "silence";
}

/** Sends one VRRP packet (IP protocol 112) from guest to guest; true if it arrives. */
export async function vrrpArrives(from: string, to: string, source: string, target: string): Promise<boolean> {
  const listen = `import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
s.settimeout(1.5)
print("ready", flush=True)
try:
    while s.recvfrom(2000)[1][0] != "${source}":
        pass
    print("came")
except socket.timeout:
    print("nothing")
`;
  const send = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
s.bind(("${source}", 0))
s.sendto(b"x" * 12, ("${target}", 0))
`;
  let started: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    started = resolve;
  });
  const heard = tryRun("ip", ["netns", "exec", to, "python3", "-c", listen], {
    onLine: (line) => {
      if (line === "ready") started();
    },
  });
  await Promise.race([ready, heard]);
  await run("ip", ["netns", "exec", from, "python3", "-c", send]);
  return (await heard).stdout.includes("came");
}

/** Everything in the kernel and in /run that a lab could leave behind; what plainly belongs to another lab is left out. */
export async function kernelState(name: string): Promise<string[]> {
  const own = labNames(name);
  const names = async (args: string[], key: string) =>
    (await ipJson<Record<string, unknown>>(args)).map((item) => `${args.join(" ")}: ${item[key]}`);
  const foreign = (line: string) =>
    !line.includes(name) &&
    (/198\.18\.[0-6]\.|keepalived-cluster\.|\.lab\/|-m-ins-|-(net|[rc]\d+)$/.test(line) || foreignLink(line));
  const foreignLink = (line: string) => {
    const link = /kc[0-9a-f]{8}r\d+/.exec(line)?.[0];
    return link !== undefined && !own.isRootLink(link);
  };
  const text = async (file: string, ...args: string[]) =>
    (await tryRun(file, args)).stdout.split("\n").map((line) => line.trim());
  const locks = foreignLocks(name);
  const lines = [
    ...(await names(["netns", "list"], "name")),
    ...(await names(["link", "show"], "ifname")),
    ...(await text("ip", "rule", "show")),
    ...(await text("ip", "route", "show", "table", "all")),
    ...(await text("nft", "list", "tables")),
    ...readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => `mount ${line.split(" ")[4]}`),
    ...globSync("/sys/fs/cgroup/{*,*/*}/", { exclude: (file) => String(file).includes("payload") }),
    ...globSync("/run/systemd/nspawn/*/*").filter((file) => !locks.has(basename(file))),
    ...globSync("/proc/[0-9]*/cgroup").map(
      (file) =>
        `process in ${isDead(file) ? "/" : (/keepalived-cluster\.[a-z0-9-]+/.exec(safeRead(file))?.[0] ?? "/")}`,
    ),
  ];
  return [...new Set(lines.filter((line) => line !== "" && !foreign(line)))].sort();
}

/** nspawn names its locks after the inode of a machine's root: those of other labs' machines. */
function foreignLocks(name: string): Set<string> {
  const roots = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((root) => root.includes("/machines/") && !root.includes(name));
  return new Set(
    roots.filter(existsSync).map((root) => {
      const { dev, ino } = statSync(root, { bigint: true });
      return `inode-${dev}:${ino}`;
    }),
  );
}

/** A process that has ended, but whose parent has not looked yet. */
const isDead = (cgroupFile: string) => /^State:\s+[ZX]/m.test(safeRead(cgroupFile.replace(/cgroup$/, "status")));

function safeRead(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
