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

/** Until a test gives something up that has to come: a slow machine is no reason to fail. */
export const patienceMs = 120_000;

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

async function ping(namespace: string, address: string, from: string | undefined, patienceS: number): Promise<boolean> {
  const source = from === undefined ? [] : ["-I", from];
  const timing = ["-c", "2", "-i", "0.05", "-W", String(patienceS)];
  return (await within(namespace, "ping", ...timing, ...source, address)).code === 0;
}

/** Whether a ping from a namespace is answered, as it should be. `from` picks the source address. */
export const pings = (namespace: string, address: string, from?: string) => ping(namespace, address, from, 30);

/** Whether a ping is not answered, as it should not be. The kernel answers at once: nothing is gained by more patience. */
export const isSilent = async (namespace: string, address: string, from?: string) =>
  !(await ping(namespace, address, from, 0.4));

/** A Python program with the namespaces' names as arguments, and `enter(name)` in it. */
const python = (program: string, ...args: string[]) =>
  run("python3", ["-c", `${enter}\n${program}`, ...args]).then((said) => said.trim());

const enter = `import ctypes, socket, sys
def enter(namespace):
    with open("/run/netns/" + namespace) as file:
        assert ctypes.CDLL(None).setns(file.fileno(), 0x40000000) == 0`;

/** What a TCP connect meets. `refused` proves that the packet arrived: the guest itself said no. */
export async function knock(namespace: string, address: string, tcpPort: number) {
  const program = `enter(sys.argv[1])
wire = socket.socket()
wire.settimeout(0.6)
try:
    wire.connect((sys.argv[2], int(sys.argv[3])))
    print("open")
except ConnectionRefusedError:
    print("refused")
except OSError:
    print("silence")`;
  return (await python(program, namespace, address, String(tcpPort))) as "open" | "refused" | "silence";
}

/** Sends one VRRP packet (IP protocol 112) from guest to guest; true if it arrives, which it does at once or not at all. */
export async function vrrpArrives(from: string, to: string, source: string, target: string): Promise<boolean> {
  const program = `def wire(namespace):
    enter(namespace)
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
listener, sender = wire(sys.argv[2]), wire(sys.argv[1])
sender.bind((sys.argv[3], 0))
sender.sendto(b"x" * 12, (sys.argv[4], 0))
listener.settimeout(0.4)
try:
    while listener.recvfrom(2000)[1][0] != sys.argv[3]:
        pass
    print("came")
except socket.timeout:
    print("nothing")`;
  return (await python(program, from, to, source, target)) === "came";
}

/** A counter of a namespace's kernel, from /proc/net/snmp: `counter(guest, "Tcp", "OutRsts")`. */
export async function counter(namespace: string, protocol: string, name: string): Promise<number> {
  const { stdout } = await within(namespace, "cat", "/proc/net/snmp");
  const [names = [], values = []] = stdout
    .split("\n")
    .filter((line) => line.startsWith(`${protocol}: `))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(name)]);
}

/** Namespaces of test/python, which may run at the same time. */
const runtimeTests = /vip-(test|peer)-\d+$/;

/** Everything in the kernel and in /run that a lab could leave behind; what plainly belongs to another lab or test is left out. */
export async function kernelState(name: string): Promise<string[]> {
  const own = labNames(name);
  const names = async (args: string[], key: string) =>
    (await ipJson<Record<string, unknown>>(args)).map((item) => `${args.join(" ")}: ${item[key]}`);
  const foreign = (line: string) =>
    !line.includes(name) &&
    (/198\.18\.[0-6]\.|keepalived-cluster\.|\.lab\/|-m-ins-|-(net|[rc]\d+)$/.test(line) ||
      runtimeTests.test(line) ||
      foreignLink(line));
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
