import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createCa, createDns, ensureImage, startMirror } from "../../lab/fabric/index.ts";
import { run, tryRun, until } from "../../lab/fabric/run.ts";
import { cacheDir } from "../../lab/state.ts";
import { eips, isSilent, patienceMs, pings, port, ports, type TestFabric, testFabric, vpc } from "./support.ts";

/** Counts its own runs on the disk, so that a second run is seen. */
const userData = "#!/bin/sh\necho ran >> /var/lib/user-data-runs\nhostname > /var/lib/user-data-host\n";

describe("a machine", { timeout: 600_000 }, () => {
  let lab: TestFabric;
  const id = "ins-a";
  const eth0 = port(id, 10);
  const eth1 = port(id, 20, { eniId: "eni-test0020", deviceIndex: 1 });
  const view = (ports: (typeof eth0)[]) =>
    vpc(ports, { publicAddresses: [{ publicIp: eips[0], privateIp: eth0.primaryAddress }] });
  const sh = async (text: string) => (await lab.fabric.exec(id, ["sh", "-c", text])).stdout.trim();
  /** Up to the end of user data, which is the last thing of a boot. */
  const booted = () =>
    until("the machine to be up", patienceMs, async () => {
      try {
        return (await sh("systemctl is-system-running")) === "running";
      } catch {
        return false;
      }
    });

  async function open(address: string) {
    const ca = await createCa(join(lab.dir, "ca"));
    const dns = await createDns().listen(address, ports.dnsPort);
    const mirror = await startMirror(address, ports.mirrorPort, cacheDir());
    const metadata = createServer((_request, response) => response.end(userData)).listen(ports.metadataPort, address);
    const answer = createTlsServer({ key: ca.key, cert: ca.cert }, (_request, response) => response.end("api"));
    const api = answer.listen(ports.apiTlsPort, address);
    const close = async () => {
      await dns.close();
      await mirror.close();
      for (const server of [metadata, api]) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    };
    return { close };
  }

  before(async () => {
    await ensureImage({ cacheDir: cacheDir(), log: console.log });
    lab = await testFabric(open);
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(lab.dir, "key")]);
    await lab.fabric.apply([view([eth0])]);
    await lab.fabric.startMachine({
      instanceId: id,
      vpcId: "vpc-1",
      name: "pair-a",
      imageId: "img-test",
      imageName: "Debian 12.0 64bit",
      sshPublicKeys: [readFileSync(join(lab.dir, "key.pub"), "utf8")],
      userData,
    });
    await booted();
  });
  after(() => lab.remove());

  it("has its name, its address, and ran its user data", async () => {
    assert.equal(await sh("hostname; cat /var/lib/user-data-host /var/lib/user-data-runs"), "pair-a\npair-a\nran");
    assert.match(await sh("ip -4 -o addr show dev eth0"), /10\.77\.1\.10\/24/);
    assert.equal(await pings(lab.fabric.clientNamespace("vpc"), eth0.primaryAddress), true);
  });

  it("lets the owner of the key in over its public address", async () => {
    await lab.fabric.assertRouteInside(eips[0]);
    const strict = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"];
    const login = await tryRun("ssh", [...strict, "-i", join(lab.dir, "key"), `root@${eips[0]}`, "hostname"]);
    assert.equal(login.stdout, "pair-a\n", login.stderr);
  });

  it("knows the cloud's names and trusts the lab's authority", async () => {
    const ask = `import urllib.request as r
for host in ("vpc.tencentcloudapi.com", "vpc.internal.tencentcloudapi.com", "vpc.ap-guangzhou.tencentcloudapi.com"):
    print(r.urlopen("https://%s/" % host, timeout=30).read().decode())`;
    const asked = await lab.fabric.exec(id, ["python3", "-"], { input: ask });
    assert.equal(asked.stdout, "api\napi\napi\n", asked.stderr);
    assert.notEqual((await lab.fabric.exec(id, ["getent", "hosts", "example.com"])).code, 0);
  });

  it("installs keepalived from the mirror, and shows the host the unit's processes", async () => {
    const got = await lab.fabric.exec(id, ["sh", "-ec", "apt-get -q update; apt-get install -yq keepalived"]);
    assert.equal(got.code, 0, got.stderr);
    assert.match(await sh("keepalived --version 2>&1 | head -1"), /Keepalived v2/);
    const pids = lab.fabric.pidsOfUnit(id, "ssh");
    assert.ok(
      pids.some((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "sshd\n"),
      `pids ${pids}`,
    );
    assert.deepEqual(lab.fabric.pidsOfUnit(id, "no-such"), []);
  });

  it("shows a NIC that is plugged in and out while it runs", async () => {
    await lab.fabric.apply([view([eth0, eth1])]);
    assert.match(await sh("ip -br link show eth1"), /DOWN\s+52:54:00:77:01:14/);
    assert.equal(await pings(lab.fabric.clientNamespace("vpc"), eth0.primaryAddress), true, "eth0 goes on");
    await lab.fabric.apply([view([eth0])]);
    assert.equal(await sh("ip -br link show eth1 2>/dev/null"), "");
  });

  it("loses all but its disk by a power cut, and comes back", async () => {
    const client = lab.fabric.clientNamespace("vpc");
    const boot = await sh("cat /proc/1/stat | cut -d' ' -f22");
    await sh("echo kept > /root/file; ip addr add 10.77.1.200/32 dev eth0");
    const [pid] = lab.fabric.pidsOfUnit(id, "ssh");
    await lab.fabric.powerOff(id);
    assert.deepEqual(lab.fabric.machines(), [{ instanceId: id, name: "pair-a", running: false }]);
    assert.equal(existsSync(`/proc/${pid}`), false, "no process of it lives");
    assert.equal(await isSilent(client, eth0.primaryAddress), true, "nor does its network");
    await assert.rejects(lab.fabric.exec(id, ["true"]), /is off/);
    await lab.fabric.heal();
    await booted();
    assert.notEqual(await sh("cat /proc/1/stat | cut -d' ' -f22"), boot);
    assert.equal(await sh("cat /root/file /var/lib/user-data-runs"), "kept\nran", "same disk, user data not run again");
    assert.doesNotMatch(await sh("ip -4 -o addr"), /10\.77\.1\.200/, "addresses of the former life");
    assert.equal(await pings(client, eth0.primaryAddress), true);
  });

  it("stands still when frozen, as a whole or in one unit", async () => {
    const state = (pid: number) => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    const [pid = 0] = lab.fabric.pidsOfUnit(id, "ssh");
    await lab.fabric.freeze(id, "ssh");
    await until("the unit to stand still", patienceMs, () => state(pid) === "T");
    await lab.fabric.heal();
    await until("the unit to go on", patienceMs, () => state(pid) !== "T");
    await lab.fabric.freeze(id);
    const answer = lab.fabric.exec(id, ["systemctl", "is-active", "ssh"]);
    const early = await Promise.race([
      answer.then(() => "answered"),
      new Promise((done) => setTimeout(done, 500, "silent")),
    ]);
    assert.equal(early, "silent");
    await lab.fabric.thaw(id);
    assert.equal((await answer).stdout, "active\n");
  });

  it("reboots when told to from inside, and stays off after a poweroff", async () => {
    const boot = await sh("cat /proc/1/stat | cut -d' ' -f22");
    const visitor = lab.fabric.exec(id, ["sleep", "infinity"]);
    await sh("systemctl reboot --no-block");
    await until("another boot", patienceMs, async () => {
      try {
        const now = await sh("cat /proc/1/stat | cut -d' ' -f22");
        return now !== "" && now !== boot;
      } catch {
        return false;
      }
    });
    assert.notEqual((await visitor).code, 0, "a command from outside ends with the machine and does not hold it up");
    await booted();
    await sh("systemctl poweroff --no-block");
    await until("the poweroff", patienceMs, () => lab.fabric.machines().every(({ running }) => !running));
    assert.equal(await isSilent(lab.fabric.clientNamespace("vpc"), eth0.primaryAddress), true);
    await lab.fabric.powerOn(id);
    await booted();
  });
});
