import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "../../lab/engine/client.ts";
import { linkAddresses } from "../../lab/fabric/names.ts";
import { ipBatch, until } from "../../lab/fabric/run.ts";
import { labPaths, readConfig } from "../../lab/state.ts";
import { Lab } from "../support/lab.ts";
import { knock, within } from "./support.ts";

/** Another host of the same network, and the address by which it knows this machine. */
const neighbour = "kc-neighbour";
const link = "kcneighbour";
const hostAddress = "198.19.7.1";

/** Sockets on which a process takes what comes, as `tcp 127.0.0.1:80`. */
function listening(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return [];
      }
    }),
  );
  const address = (hex: string) => {
    const [ip = "", port = ""] = hex.split(":");
    const parts = ip.length === 8 ? ip.match(/../g)?.reverse() : undefined;
    return `${parts?.map((part) => Number.parseInt(part, 16)).join(".") ?? ip}:${Number.parseInt(port, 16)}`;
  };
  return ["tcp", "tcp6", "udp", "udp6"]
    .flatMap((kind) => {
      const rows = readFileSync(`/proc/net/${kind}`, "utf8").trim().split("\n").slice(1);
      const sockets = rows.map((row) => row.trim().split(/\s+/)).filter((row) => own.has(`socket:[${row[9]}]`));
      const ready = sockets.filter(([, , , state]) => kind.startsWith("udp") || state === "0A");
      return ready.map(([, local = ""]) => `${kind} ${address(local)}`);
    })
    .sort();
}

/** Asks a name server for a name of the cloud's; whether it says anything. */
async function answersQuestions(namespace: string, address: string, port: number): Promise<boolean> {
  const ask = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.6)
s.connect(("${address}", ${port}))
s.send(b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\3vpc\\17tencentcloudapi\\3com\\0\\0\\1\\0\\1")
print(len(s.recv(2000)))`;
  return (await within(namespace, "python3", "-c", ask)).stdout !== "";
}

describe("a lab on a machine with neighbours", { timeout: 600_000 }, () => {
  const lab = new Lab("closed");
  let index = 0;
  let sockets: string[] = [];
  const removeNeighbour = () => ipBatch("", [`link del ${link}`, `netns del ${neighbour}`], true);

  before(async () => {
    await lab.run("cloud");
    const config = readConfig(lab.name);
    assert.ok(config);
    index = config.index;
    const call = connect({ ...config, port: config.apiPort });
    const made = await call("vpc", "CreateVpc", { VpcName: "v", CidrBlock: "10.0.0.0/16" });
    const { VpcId } = made.Vpc as { VpcId: string };
    // Its network is there with its first subnet.
    await call("vpc", "CreateSubnet", { VpcId, SubnetName: "s", CidrBlock: "10.0.1.0/24", Zone: config.zone });
    const pid = Number(readFileSync(join(labPaths(lab.name).pids, "daemon.pid"), "utf8"));
    await until("the services to listen", 10_000, () => {
      sockets = listening(pid);
      return sockets.length >= 5;
    });
    await removeNeighbour();
    await ipBatch("", [
      `netns add ${neighbour}`,
      `link add ${link} type veth peer name eth0 netns ${neighbour}`,
      `addr add ${hostAddress}/30 dev ${link}`,
      `link set ${link} up`,
    ]);
    // It tries hard: it has a way to the lab's addresses too.
    await ipBatch(neighbour, [
      "addr add 198.19.7.2/30 dev eth0",
      "link set eth0 up",
      `route add 198.18.0.0/16 via ${hostAddress}`,
    ]);
  });
  after(async () => {
    await removeNeighbour();
    await lab.run("down");
  });

  it("listens on loopback and on root's end of its router's link, and nowhere else", () => {
    const { root } = linkAddresses(index, 0);
    const first = 18_000 + 10 * index;
    const expected = [0, 1, 3].map((n) => `tcp ${root}:${first + n}`);
    const apiPort = readConfig(lab.name)?.apiPort;
    assert.deepEqual(sockets, [`tcp 127.0.0.1:${apiPort}`, ...expected, `udp ${root}:${first + 2}`].sort());
  });

  it("answers no neighbour, whatever address it tries", async () => {
    const server = createServer().listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    assert.equal(await knock(neighbour, hostAddress, port), "open", "a neighbour that can reach this machine");
    server.close();
    const targets = sockets.flatMap((socket) => {
      const [, kind = "", address = "", portText] = /^(\w+) (.*):(\d+)$/.exec(socket) ?? [];
      const ways = address.startsWith("127.") ? [hostAddress] : [hostAddress, address];
      return ways.map((way) => ({ kind, address: way, port: Number(portText) }));
    });
    assert.ok(targets.length >= 9, JSON.stringify(targets));
    for (const target of targets) {
      const reached =
        target.kind === "udp"
          ? await answersQuestions(neighbour, target.address, target.port)
          : (await knock(neighbour, target.address, target.port)) === "open";
      assert.equal(reached, false, JSON.stringify(target));
    }
  });
});
