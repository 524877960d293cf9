import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, afterEach, before, describe, it } from "node:test";
import type { RuleView } from "../../lab/dataplane.ts";
import { run, until } from "../../lab/fabric/run.ts";
import {
  eips,
  isSilent,
  knock,
  patienceMs,
  pings,
  port,
  ports,
  type TestFabric,
  testFabric,
  vpc,
  vrrpArrives,
  within,
} from "./support.ts";

const vip = "10.77.1.100";
const rule = (protocol: string, tcpPort: string, cidr: string, action: RuleView["action"] = "ACCEPT"): RuleView => ({
  protocol,
  port: tcpPort,
  cidr,
  action,
});

describe("the network", () => {
  let lab: TestFabric;
  let client = "";
  const a = port("ins-a", 10);
  const b = port("ins-b", 11);
  const owning = (item: typeof a) => ({ ...item, addresses: [...item.addresses, vip] });

  before(async () => {
    lab = await testFabric();
    await lab.fabric.apply([vpc([a, b])]);
    client = lab.fabric.clientNamespace("vpc");
    await lab.configure("ins-a", [a.primaryAddress, vip]);
    await lab.configure("ins-b", [b.primaryAddress, vip]);
  });
  after(() => lab.remove());
  afterEach(async () => {
    await lab.fabric.heal();
    await lab.fabric.apply([vpc([a, b])]);
  });

  it("delivers an address to its owner and to nobody else, whatever a NIC claims", async () => {
    await run("ip", ["-n", lab.guest("ins-a"), "addr", "del", `${vip}/32`, "dev", "eth0"]);
    try {
      assert.equal(await isSilent(client, vip), true, "nobody owns it");
      await lab.fabric.apply([vpc([owning(a), b])]);
      assert.equal(await isSilent(client, vip), true, "a owns it without having it on the NIC");
      await lab.fabric.apply([vpc([a, owning(b)])]);
      assert.equal(await pings(client, vip), true, "b owns it and has it");
      assert.equal(await pings(lab.guest("ins-a"), vip), true, "from a neighbour too");
    } finally {
      await run("ip", ["-n", lab.guest("ins-a"), "addr", "add", `${vip}/32`, "dev", "eth0"]);
    }
  });

  it("drops what an ENI sends from an address that it does not own", async () => {
    await lab.fabric.apply([vpc([a, owning(b)])]);
    const target = (await within(client, "ip", "-4", "-o", "addr", "show", "eth0")).stdout.split(/[\s/]+/)[3] ?? "";
    // One packet one way: the answer to a ping would go to the owner and prove nothing.
    assert.equal(await vrrpArrives(lab.guest("ins-a"), client, vip, target), false);
    assert.equal(await vrrpArrives(lab.guest("ins-b"), client, vip, target), true);
    await lab.fabric.apply([vpc([owning(a), b])]);
    assert.equal(await vrrpArrives(lab.guest("ins-a"), client, vip, target), true);
    await until("the end of what its former owner may send from it", patienceMs, async () => {
      return !(await vrrpArrives(lab.guest("ins-b"), client, vip, target));
    });
  });

  it("moves an address without losing a ping", async () => {
    await lab.fabric.apply([vpc([owning(a), b])]);
    let pinging = true;
    const probe = within(client, "ping", "-q", "-i", "0.01", "-c", "150", "-W", "5", vip).finally(() => {
      pinging = false;
    });
    let moves = 0;
    for (; pinging; moves += 1) await lab.fabric.apply([vpc(moves % 2 ? [owning(a), b] : [a, owning(b)])]);
    assert.match((await probe).stdout, /150 received, 0% packet loss/);
    assert.ok(moves > 2, `${moves} moves`);
  });

  it("keeps the order of a security group's rules, and lets nothing pass that no rule names", async () => {
    const ingress = [
      rule("TCP", "81", "0.0.0.0/0", "DROP"),
      rule("TCP", "80-82,90", "10.77.0.0/16"),
      rule("TCP", "91", "10.99.0.0/16"),
      rule("UDP", "ALL", "0.0.0.0/0"),
    ];
    await lab.fabric.apply([vpc([{ ...a, ingress }, b])]);
    const verdicts = await Promise.all([80, 81, 82, 90, 91, 22].map((tcp) => knock(client, a.primaryAddress, tcp)));
    assert.deepEqual(verdicts, ["refused", "silence", "refused", "refused", "silence", "silence"]);
    assert.equal(await isSilent(client, a.primaryAddress), true, "ICMP has no rule");
    assert.equal(await pings(lab.guest("ins-a"), b.primaryAddress), true, "answers to its own questions come back");
    await lab.fabric.apply([vpc([{ ...a, egress: [rule("TCP", "ALL", "0.0.0.0/0")] }, b])]);
    assert.equal(await isSilent(lab.guest("ins-a"), b.primaryAddress), true, "egress names TCP alone");
    assert.equal(await pings(client, a.primaryAddress), true, "answers leave whatever egress says");
  });

  it("lets VRRP pass by rule for each packet, so that a withdrawn permit works at once", async () => {
    const arrives = () => vrrpArrives(lab.guest("ins-a"), lab.guest("ins-b"), a.primaryAddress, b.primaryAddress);
    const back = () => vrrpArrives(lab.guest("ins-b"), lab.guest("ins-a"), b.primaryAddress, a.primaryAddress);
    assert.deepEqual([await arrives(), await back()], [true, true]);
    await lab.fabric.apply([vpc([a, { ...b, ingress: [rule("TCP", "ALL", "0.0.0.0/0")] }])]);
    assert.deepEqual([await arrives(), await back()], [false, true]);
  });

  it("parts two machines for VRRP, both ways or one, and heals", async () => {
    const [guestA, guestB] = [lab.guest("ins-a"), lab.guest("ins-b")];
    const arrives = () => vrrpArrives(guestA, guestB, a.primaryAddress, b.primaryAddress);
    const back = () => vrrpArrives(guestB, guestA, b.primaryAddress, a.primaryAddress);
    await lab.fabric.partition("ins-a", "ins-b", { oneway: true });
    assert.deepEqual([await arrives(), await back()], [false, true]);
    await lab.fabric.partition("ins-a", "ins-b");
    assert.deepEqual([await arrives(), await back()], [false, false]);
    assert.equal(await pings(guestA, b.primaryAddress), true, "all else works");
    await lab.fabric.heal();
    assert.deepEqual([await arrives(), await back()], [true, true]);
    await lab.fabric.partition("ins-a", "ins-b", { all: true });
    assert.equal(await isSilent(guestA, b.primaryAddress), true);
  });

  it("cuts a NIC without the guest's knowing", async () => {
    await lab.fabric.cutNic("ins-a", [a.eniId]);
    assert.equal(await isSilent(client, a.primaryAddress), true);
    assert.match((await within(lab.guest("ins-a"), "ip", "-br", "link", "show", "eth0")).stdout, /UP/);
    const gateway = "10.77.1.1";
    await within(lab.guest("ins-a"), "ip", "neigh", "flush", "all");
    assert.equal(await isSilent(lab.guest("ins-a"), gateway), true);
    const neighbour = await within(lab.guest("ins-a"), "ip", "neigh", "show", gateway);
    assert.doesNotMatch(neighbour.stdout, /lladdr/, "not even the gateway's ARP gets through");
    await lab.fabric.heal();
    // The guest's kernel would ask again only after a second.
    await within(lab.guest("ins-a"), "ip", "neigh", "flush", "all");
    assert.equal(await pings(client, a.primaryAddress), true);
  });

  it("maps a public address both ways; without one there is no internet", async () => {
    const internet = lab.fabric.clientNamespace("internet");
    const bound = (privateIp: string) => vpc([owning(a), b], { publicAddresses: [{ publicIp: eips[0], privateIp }] });
    await lab.fabric.apply([bound(vip)]);
    assert.equal(await pings(internet, eips[0]), true);
    assert.equal(await pings(client, eips[0]), true, "from inside the VPC");
    assert.equal(await isSilent(internet, vip), true, "a private address is not of the internet");
    assert.equal(await pings(lab.guest("ins-a"), "198.51.100.10", vip), true, "its holder's way out");
    assert.equal(await isSilent(lab.guest("ins-b"), "198.51.100.10"), true, "no public address, no internet");
    const escapes = await vrrpArrives(lab.guest("ins-b"), internet, b.primaryAddress, "198.51.100.10");
    assert.equal(escapes, false, "nor does a packet that wants no answer get out");
    await lab.fabric.assertRouteInside(eips[0]);
    await lab.fabric.apply([vpc([owning(a), b])]);
    assert.equal(await isSilent(internet, eips[0]), true);
    await assert.rejects(lab.fabric.assertRouteInside(eips[0]), /not into the lab/);
  });

  it("follows the VIP with its public address", async () => {
    const publicAddresses = [{ publicIp: eips[0], privateIp: vip }];
    const internet = lab.fabric.clientNamespace("internet");
    await lab.fabric.apply([vpc([owning(a), b], { publicAddresses })]);
    await run("ip", ["-n", lab.guest("ins-b"), "addr", "del", `${vip}/32`, "dev", "eth0"]);
    try {
      assert.equal(await pings(internet, eips[0]), true);
      await lab.fabric.apply([vpc([a, owning(b)], { publicAddresses })]);
      assert.equal(await isSilent(internet, eips[0]), true, "it went to b, which has it not");
    } finally {
      await run("ip", ["-n", lab.guest("ins-b"), "addr", "add", `${vip}/32`, "dev", "eth0"]);
    }
  });

  it("keeps two VPCs with the same addresses apart, and knows who calls a service", async () => {
    const other = port("ins-other", 10, { eniId: "eni-other000", subnetId: "subnet-2" });
    const second = vpc([other], {
      vpcId: "vpc-2",
      subnets: [{ subnetId: "subnet-2", cidr: "10.77.1.0/24", gateway: "10.77.1.1" }],
      publicAddresses: [{ publicIp: eips[1], privateIp: other.primaryAddress }],
    });
    await lab.fabric.apply([vpc([a, b]), second]);
    await lab.configure("ins-other", [other.primaryAddress]);
    const callers: (string | null)[] = [];
    const server = createServer((request, response) => {
      const { localAddress = "", remoteAddress = "" } = request.socket;
      callers.push(lab.fabric.instanceOf(localAddress, remoteAddress));
      response.end("metadata");
    });
    server.listen(ports.metadataPort, "0.0.0.0");
    await once(server, "listening");
    try {
      for (const id of ["ins-other", "ins-a", "ins-b"]) {
        const got = await within(lab.guest(id), "curl", "-s", "-m", "30", "http://169.254.0.23/");
        assert.equal(got.stdout, "metadata", id);
      }
      assert.deepEqual(callers, ["ins-other", "ins-a", "ins-b"]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
    assert.equal(
      await isSilent(lab.fabric.clientNamespace("vpc", "vpc-2"), b.primaryAddress),
      true,
      "b is in the first VPC",
    );
    assert.equal(await pings(lab.fabric.clientNamespace("internet"), eips[1]), true);
  });

  it("reaches no service of the host but the cloud's own", async () => {
    assert.equal(await knock(lab.guest("ins-a"), "198.18.7.1", 22), "silence");
  });
});
