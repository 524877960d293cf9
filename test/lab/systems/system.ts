/** A pair on machines of another system, in the way in which its own network managers and firewall leave it alone. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { labNames } from "../../../lab/fabric/names.ts";
import { pairsOf } from "../../../lab/pair/inspect.ts";
import { footprint, leftOf } from "../../support/footprint.ts";
import { type Lab, until } from "../../support/lab.ts";

export interface SystemCase {
  /** What the machines are chosen by. */
  imageName: string;
  /** What an administrator of such machines would choose, beside the defaults: `key=value`. */
  settings?: string[];
  /** Commands of root's by which the machine is known as what it is meant to be, each with what it prints. */
  marks: Record<string, RegExp>;
  /** What an administrator, a package or a timer does there, and what must not cost the pair anything. */
  disturbances: string[];
  /** Lets the first NIC's manager ask the cloud's DHCP for the address that it was told until now. */
  dhcp: string;
}

const nodes = ["a", "b"] as const;

/** The tests of a pair on such machines. */
export function runsOn(lab: Lab, { imageName, settings = [], marks, disturbances, dhcp }: SystemCase) {
  describe(`a pair on machines like ${imageName}`, () => {
    let own: string[];
    /** By SSH, as the pair is installed and `ha` works. */
    const on = async (node: (typeof nodes)[number], command: string) => (await lab.run("ssh", node, command)).trim();
    const moves = async () =>
      (await lab.journal()).filter(({ action, result }) => action === "MigratePrivateIpAddress" && result === "ok")
        .length;
    const selfTests = () =>
      Promise.all(
        nodes.map((node) => on(node, "/etc/keepalived/vip.py self-test >/tmp/self-test || cat /tmp/self-test")),
      );

    before(async () => {
      const set = [`imageName=${imageName}`, ...settings].flatMap((setting) => ["--set", setting]);
      await lab.run("up", "--engine", "inline", ...set);
      own = footprint(lab.name);
    });
    after(async () => {
      await lab.run("down");
      assert.deepEqual(leftOf(own), [], "down left something behind");
    });

    test("comes up whole, on what is meant, and a second up finds nothing to do", async () => {
      for (const node of nodes) {
        const printed = await on(node, Object.keys(marks).join("; "));
        for (const prints of Object.values(marks)) assert.match(printed, prints);
      }
      assert.match(await lab.run("up"), /Nothing had to change/);
    });

    test(`takes no notice of ${disturbances.join(", ")}`, async () => {
      const serving = lab.master(await lab.converged());
      const before_ = await moves();
      for (const command of disturbances) {
        await Promise.all(nodes.map((node) => on(node, command)));
        assert.equal(lab.master(await lab.converged()), serving, command);
      }
      assert.deepEqual(await selfTests(), ["", ""]);
      assert.equal(await moves(), before_);
    });

    test("fails over at a power cut, and is whole again once the machine has booted", async () => {
      const old = lab.master(await lab.converged());
      await lab.run("fail", old, "--how", "power");
      const status = await lab.until((now) => now.converged, "the other node serves");
      assert.notEqual(lab.master(status), old);
      assert.equal(await lab.answer("vpc"), lab.master(status));
      await lab.run("heal");
      assert.equal(lab.master(await lab.converged()), lab.master(status));
      assert.deepEqual(await selfTests(), ["", ""]);
    });

    test("takes no notice of DHCP leases that are renewed on both NICs, the second one's by somebody's own client", async () => {
      const serving = lab.master(await lab.converged());
      const before_ = await moves();
      const [pair] = await pairsOf(lab.name);
      assert.ok(pair);
      const firsts = await Promise.all(nodes.map((node) => on(node, "ip -4 -o addr show dev eth0")));
      const addresses = [
        ...firsts.map((text) => / inet ([\d.]+)\//.exec(text)?.[1] ?? ""),
        ...nodes.map((node) => pair.nodes[node].address),
      ];
      const leases = await leaseOut(lab, addresses);
      try {
        await Promise.all(nodes.map((node) => on(node, `${dhcp} && /sbin/dhclient eth1`)));
        const counts = () => addresses.map((address) => leases.given.filter((given) => given === address).length);
        await until("every address was leased and renewed", () => counts().every((count) => count >= 2));
        assert.deepEqual(await selfTests(), ["", ""]);
        assert.equal(lab.master(await lab.converged()), serving);
        assert.equal(await moves(), before_);
      } finally {
        await leases.end();
      }
    });
  });
}

/** A DHCP server for these addresses of the lab's VPC, whose leases have to be renewed all the time; each that it gives is noted. */
async function leaseOut(lab: Lab, addresses: string[]) {
  const namespace = labNames(lab.name).router(0);
  const ports = addresses.map((address) => {
    const route = execFileSync("ip", ["-n", namespace, "route", "get", address], { encoding: "utf8" });
    return `${/ dev (\S+)/.exec(route)?.[1]}=${address}`;
  });
  const program = ["python3", "-B", "test/lab/systems/dhcp_server.py", "2", "10.0.1.1", "24", ...ports];
  const server = spawn("ip", ["netns", "exec", namespace, ...program], { stdio: ["ignore", "pipe", "inherit"] });
  const given: string[] = [];
  let tail = "";
  server.stdout.on("data", (chunk: Buffer) => {
    const lines = (tail + chunk).split("\n");
    tail = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("leased ")) given.push(line.slice("leased ".length));
  });
  const ended = once(server, "exit");
  return {
    given,
    end: async () => {
      server.kill();
      await ended;
    },
  };
}
