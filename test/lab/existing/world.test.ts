/** What a user has already, as the lab makes it, and whether the lab sees what becomes of it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect } from "../../../lab/engine/client.ts";
import { run } from "../../../lab/fabric/run.ts";
import { labPaths, readConfig } from "../../../lab/state.ts";
import { bastionKeyFile, readWorld, type World } from "../../../lab/world/record.ts";
import { footprint, leftOf } from "../../support/footprint.ts";
import { Lab, until } from "../../support/lab.ts";

describe("a world", () => {
  const lab = new Lab("tx");
  let world: World;
  before(async () => {
    await lab.run("world");
    const made = readWorld(lab.name);
    assert.ok(made);
    world = made;
  });
  after(async () => {
    const own = footprint(lab.name);
    await lab.run("down");
    assert.deepEqual(leftOf(own), [], "down left something behind");
  });

  const on = (machine: "a" | "b", ...argv: string[]) =>
    lab.ask<string>("exec", { instanceId: world.machines[machine].instanceId, argv });
  const call = () => {
    const config = readConfig(lab.name);
    assert.ok(config);
    return connect({ ...config, port: config.apiPort });
  };

  test("is made once, and told in settings for each profile", async () => {
    const made = async () => (await lab.journal()).filter(({ action }) => /^(Create|Run|Allocate)/.test(action)).length;
    const before_ = await made();
    const text = await lab.run("world");
    assert.equal(await made(), before_);
    for (const profile of ["existing", "private", "machines"]) assert.match(text, new RegExp(`^# ${profile}: `, "m"));
    assert.match(text, new RegExp(`^pulumi config set 'vpcId' ${world.vpcId}$`, "m"));
  });

  test("has machines without public addresses, to which SSH goes through the bastion alone", async () => {
    const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"];
    const words = options.flatMap((option) => ["-o", option]);
    const { address, name } = world.machines.a;
    const forward = ["ssh", ...words, "-i", bastionKeyFile(lab.name), "-W", "%h:%p", `root@${world.bastion.publicIp}`];
    const proxy = ["-o", `ProxyCommand=${forward.join(" ")}`];
    const key = ["-i", labPaths(lab.name).sshKey];
    assert.equal((await run("ssh", [...words, ...proxy, ...key, `root@${address}`, "hostname"])).trim(), name);
  });

  test("is the same after a reboot of its machines", async () => {
    await on("a", "touch", "/run/before");
    await on("a", "systemctl", "reboot").catch(() => {});
    const booted = () => on("a", "sh", "-c", "test -e /run/before || echo booted").catch(() => "");
    await until("the machine has booted again", async () => (await booted()) !== "");
    await until("the world is as it was", () =>
      lab.run("world", "--compare").then(
        () => true,
        () => false,
      ),
    );
  });

  test("tells each thing that is other than it was, and nothing once it is put back", async () => {
    const named = (AddressName: string) =>
      call()("vpc", "ModifyAddressAttribute", { AddressId: world.publicIpId, AddressName });
    await named("mine");
    await on("a", "sh", "-c", "echo '# more' >> /etc/hosts; chmod 600 /etc/fstab");
    await on("b", "ip", "rule", "add", "from", world.vip, "lookup", "100");
    await on("b", "systemctl", "stop", "web");
    const text = await lab.refused("world", "--compare");
    const told = [
      `\\+ cloud ${world.publicIpId}.AddressName "mine"`,
      "- web-1 file /etc/fstab -rw-r",
      "\\+ web-1 file /etc/hosts ",
      `\\+ web-2 rule -4 .* from ${world.vip} lookup 100`,
      "- web-2 unit web.service active",
    ];
    for (const line of told) assert.match(text, new RegExp(`^${line}`, "m"));
    await named("office");
    await on("a", "sh", "-c", "sed -i '$d' /etc/hosts; chmod 644 /etc/fstab");
    await on("b", "ip", "rule", "del", "from", world.vip, "lookup", "100");
    await on("b", "systemctl", "start", "web");
    await lab.run("world", "--compare");
  });
});
