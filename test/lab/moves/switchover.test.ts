/** A planned switch on real nodes, judged by packets. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Pinger } from "../../../lab/pair/pinger.ts";
import { Lab, until } from "../../support/lab.ts";
import { Ha } from "../ha.ts";

const lab = new Lab("tw");

async function status(): Promise<number | null> {
  return new Ha(lab, "status").ended;
}

before(async () => {
  await lab.run("up", "--engine", "inline", "--set", "publicIp=true");
  // Debian's bash reads this file for a command that comes by SSH, too.
  for (const node of ["a", "b"]) {
    await lab.run("ssh", node, "printf '%s\\n' 'echo welcome' 'printf noise' >/root/.bashrc");
  }
});
after(() => lab.run("down"));

/** A client of the VIP loses at most 5 of its probes, one every 10 ms. */
async function switchTo(to: "a" | "b"): Promise<void> {
  const pinger = new Pinger(await lab.namespace("vpc"), "10.0.1.100");
  await pinger.first();
  const ha = new Ha(lab, "switchover", "--to", to, "--yes");
  const code = await ha.ended;
  const probe = await pinger.stop();
  assert.equal(code, 0, ha.text);
  // At one every 10 ms there are 300; a slow machine sends fewer, which it loses the less of.
  assert.ok(probe.sent > 20, `${probe.sent} sent`);
  assert.ok(probe.lost <= 5, `lost ${probe.lost} of ${probe.sent}, longest gap ${probe.longestGapMs} ms\n${ha.text}`);
  const now = await lab.converged();
  assert.deepEqual([lab.master(now), await lab.holder()], [to, to]);
  assert.equal(await lab.answer("internet"), to, "the EIP went with it");
}

/** When the VIP was asked for, in order, by the cloud's own record. */
async function askedFor(): Promise<number[]> {
  const calls = (await lab.journal()).filter(({ action }) => action === "MigratePrivateIpAddress");
  return calls.map(({ at }) => Date.parse(at));
}

/** Has the MASTER keep a switch. Gives its time, in milliseconds. */
async function kept(at: string): Promise<number> {
  const ha = new Ha(lab, "switchover", "--at", at, "--reason", "new kernel", "--yes", "--json");
  assert.equal(await ha.ended, 0, ha.text);
  return Date.parse((JSON.parse(ha.text) as { scheduled: string }).scheduled);
}

async function shownAs(): Promise<string> {
  const ha = new Ha(lab, "status");
  await ha.ended;
  return ha.text;
}

describe("a switch at a time", () => {
  // A busy machine takes half of that for the command.
  const soon = "+40s";

  test("is shown, outlives the MASTER's service, and is made then, once, with nobody at the command", async () => {
    await lab.makeMaster("a");
    const before = (await askedFor()).length;
    const at = await kept(soon);
    assert.match(await shownAs(), /a hands the VIP to b at .* UTC, in .*\n +asked for by .*: new kernel/);
    await lab.run("ssh", "a", "systemctl restart keepalived-vip");
    await until("the cloud has moved the VIP to b", async () => (await lab.holder()) === "b");
    assert.equal(lab.master(await lab.converged()), "b");
    const calls = (await askedFor()).slice(before);
    assert.equal(calls.length, 1, `${calls}`);
    assert.ok(calls.every((call) => call >= at));
    assert.doesNotMatch(await shownAs(), /hands the VIP/);
    const history = new Ha(lab, "history", "--json");
    await history.ended;
    const { moves } = JSON.parse(history.text) as { moves: Record<string, unknown>[] };
    const { from, to, trigger, asked, why } = moves.at(-1) ?? {};
    assert.deepEqual([from, to, trigger, asked, why], ["a", "b", "switch", "operator", "new kernel"]);
  });

  test("that is dropped is kept no more", async () => {
    await kept("+2h");
    const second = new Ha(lab, "switchover", "--at", "+3h", "--yes");
    assert.equal(await second.ended, 4, second.text);
    assert.match(second.text, /drop it first/);
    const drop = new Ha(lab, "switchover", "--drop");
    assert.equal(await drop.ended, 0, drop.text);
    assert.doesNotMatch(await shownAs(), /hands the VIP/);
    assert.match(await lab.run("ssh", "b", "/etc/keepalived/vip.py switch-at --drop"), /no switch is kept/);
  });

  test("lapses on a node that is dead then, which says so when it is back, and moves nothing", async () => {
    const before = (await askedFor()).length;
    const at = await kept(soon);
    await lab.run("fail", "b", "--how", "power");
    await until("a has the VIP", async () => (await lab.holder()) === "a");
    await until("its time has passed", () => Date.now() > at);
    await lab.run("heal");
    const lapsed = () => lab.on("b", "grep switch-lapsed /var/log/keepalived.log || true");
    await until("b tells that it has lapsed", async () => (await lapsed()).includes("switch-lapsed"));
    const told = await lapsed();
    assert.match(told, /"why": "this node (is no longer MASTER|was down, or stood still, at its time)"/);
    assert.equal(told.match(/switch-lapsed/g)?.length, 1, told);
    assert.equal(lab.master(await lab.converged()), "a");
    assert.equal((await askedFor()).length, before + 1, "the failover's, and no other");
    assert.doesNotMatch(await shownAs(), /hands the VIP/);
  });
});

describe("a switch that is asked for", () => {
  test("in stable goes there and back, and both nodes take part afterwards", async () => {
    await lab.makeMaster("a");
    for (const to of ["b", "a"] as const) {
      await switchTo(to);
      assert.equal(await status(), 0);
    }
  });

  test("is told by both nodes' logs in the order of time; each node has passed its self-test since", async () => {
    const logs = new Ha(lab, "logs");
    assert.equal(await logs.ended, 0, logs.text);
    const lines = logs.text
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/));
    const times = lines.map(([time]) => time);
    assert.deepEqual(times, [...times].sort());
    // The switch back: b asked the cloud, its keepalived gave up, then a took over. What b's service says of it is no part
    // of this order: on a busy machine it has said it after a was MASTER.
    const last = (node: string, by: string, what: string) =>
      lines.findLastIndex((line) => line[1] === node && line[2] === by && line.includes(what));
    const found = [
      last("b", "vip.py", "move-accepted"),
      last("b", "Keepalived_vrrp", "FAULT"),
      last("a", "vip.py", 'state="MASTER"'),
    ];
    assert.deepEqual(
      found,
      [...found].sort((x, y) => x - y),
      logs.text,
    );
    assert.ok(!found.includes(-1), logs.text);
    assert.ok(last("a", "Keepalived_vrrp", "MASTER") > 0, logs.text);
    const selfTest = new Ha(lab, "self-test");
    assert.equal(await selfTest.ended, 0, selfTest.text);
    assert.match(selfTest.text, /^ {2}adverts +ok +ok$/m);
  });

  test("is told by the history: from where to where, asked for, and why", async () => {
    const history = new Ha(lab, "history", "--json");
    assert.equal(await history.ended, 0, history.text);
    const { moves } = JSON.parse(history.text) as { moves: Record<string, unknown>[] };
    assert.deepEqual(
      moves.slice(-2).map(({ from, to, by, trigger, asked, why }) => [from, to, by, trigger, asked, why]),
      [
        ["a", "b", "a", "switch", "operator", "planned switch"],
        ["b", "a", "b", "switch", "operator", "planned switch"],
      ],
    );
    for (const { askedBy } of moves.slice(-2)) assert.match(String(askedBy), /^[^ ]+@[^ ]+ from \d+\.\d+\.\d+\.\d+$/);
  });

  test("asks before it does anything, and without a terminal it does nothing", async () => {
    const calls = (await lab.journal()).filter(({ action }) => action === "MigratePrivateIpAddress").length;
    const ha = new Ha(lab, "switchover");
    assert.equal(await ha.ended, 4);
    assert.match(ha.text, /MigratePrivateIpAddress SourceNetworkInterfaceId=eni-/);
    assert.equal((await lab.journal()).filter(({ action }) => action === "MigratePrivateIpAddress").length, calls);
  });

  test("maintenance of the MASTER hands the VIP over first; of the last one that serves it is refused", async () => {
    await lab.makeMaster("a");
    const on = new Ha(lab, "maintenance", "on", "a", "--for", "2h", "--reason", "new kernel", "--yes");
    assert.equal(await on.ended, 0, on.text);
    const now = await lab.status();
    assert.deepEqual([lab.master(now), await lab.holder()], ["b", "b"]);
    assert.deepEqual(
      now.nodes.map(({ maintenance }) => maintenance),
      [true, false],
    );
    const refused = new Ha(lab, "maintenance", "on", "b", "--yes", "--json");
    assert.equal(await refused.ended, 4);
    assert.match(refused.text, /a is in maintenance \(new kernel\)/);
    const off = new Ha(lab, "maintenance", "off", "a");
    assert.equal(await off.ended, 0, off.text);
    await lab.converged();
    const standby = new Ha(lab, "maintenance", "on", "a", "--for", "60s", "--yes", "--json");
    assert.equal(await standby.ended, 0, standby.text);
    assert.equal((JSON.parse(standby.text) as { result: string }).result, "done");
    await until("it ends by itself", async () => (await status()) === 0);
    assert.equal(lab.master(await lab.converged()), "b");
  });

  test("of two people who take a node each out of service at the same moment one is refused, and the VIP moves once at most", async () => {
    for (const first of ["a", "b"] as const) {
      await lab.makeMaster("a");
      const before = (await askedFor()).length;
      const nodes = first === "a" ? (["a", "b"] as const) : (["b", "a"] as const);
      const both = nodes.map((node) => new Ha(lab, "maintenance", "on", node, "--for", "2h", "--yes"));
      const codes = await Promise.all(both.map(({ ended }) => ended));
      const texts = both.map(({ text }) => text).join("\n");
      assert.deepEqual([...codes].sort(), [0, 4], texts);
      const away = nodes[codes.indexOf(0)];
      const now = await lab.status();
      assert.deepEqual(
        now.nodes.map(({ maintenance }) => maintenance),
        [away === "a", away === "b"],
      );
      assert.equal(lab.master(now), away === "a" ? "b" : "a");
      assert.equal((await askedFor()).length - before, away === "a" ? 1 : 0, texts);
      assert.equal(await new Ha(lab, "maintenance", "off", away ?? "").ended, 0);
      await lab.converged();
    }
  });

  test("in standing-master away from the preferred node lasts, and back to it ends its maintenance", async () => {
    await lab.run("up", "--set", "mode=standing-master");
    await switchTo("b");
    assert.deepEqual(
      (await lab.status()).nodes.map(({ maintenance }) => maintenance),
      [true, false],
    );
    assert.equal(await status(), 1, "degraded: nobody would take over");
    const off = new Ha(lab, "maintenance", "off", "a", "--yes");
    assert.equal(await off.ended, 0, off.text);
    assert.deepEqual([lab.master(await lab.converged()), await lab.holder()], ["a", "a"]);
    await switchTo("b");
    await switchTo("a");
    assert.deepEqual(
      (await lab.status()).nodes.map(({ maintenance }) => maintenance),
      [false, false],
    );
    assert.equal(await status(), 0);
  });
});
