/** The bench's eyes: what tap and probe tell is what happens to packets. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Connections, echoPort } from "../../lab/bench/client/connections.ts";
import { Probe } from "../../lab/bench/client/probe.ts";
import { inNamespace, nowMs, Tap, type TapEvent } from "../../lab/bench/tap.ts";
import { outageMs } from "../../lab/bench/timeline.ts";
import { labNames } from "../../lab/fabric/names.ts";
import { until } from "../../lab/fabric/run.ts";
import { counter, knock, patienceMs, port, type TestFabric, testFabric, vpc, vrrpArrives } from "./support.ts";

const vip = "10.77.1.100";

describe("the bench's tap and probe", () => {
  const a = port("ins-a", 10);
  const b = port("ins-b", 11);
  const owning = (item: typeof a) => ({ ...item, addresses: [...item.addresses, vip] });
  let lab: TestFabric;
  let tap: Tap;

  before(async () => {
    lab = await testFabric();
    await lab.fabric.apply([vpc([owning(a), b])]);
    await lab.configure("ins-a", [a.primaryAddress, vip]);
    await lab.configure("ins-b", [b.primaryAddress, vip]);
    tap = new Tap(labNames(lab.name).router(0), vip);
    await until("the tap", patienceMs, () => tap.events.length > 0);
  });
  after(async () => {
    tap.end();
    await lab.remove();
  });

  const seen = (what: TapEvent["what"], sinceMs: number) =>
    until(what, patienceMs, () => tap.events.find((event) => event.what === what && event.atMs >= sinceMs));

  /** Until a namespace's kernel has counted so many more. */
  const grows = async (what: string, namespace: string, protocol: string, name: string, by = 10) => {
    const before_ = await counter(namespace, protocol, name);
    await until(what, patienceMs, async () => (await counter(namespace, protocol, name)) >= before_ + by);
  };

  it("sees where the VIP is delivered from now on", async () => {
    const sinceMs = nowMs();
    await lab.fabric.apply([vpc([a, owning(b)])]);
    assert.partialDeepStrictEqual(await seen("route", sinceMs), { to: b.primaryAddress });
    await lab.fabric.apply([vpc([owning(a), b])]);
  });

  it("hears each advert once, with its sender", async () => {
    const sinceMs = nowMs();
    assert.equal(await vrrpArrives(lab.guest("ins-b"), lab.guest("ins-a"), b.primaryAddress, a.primaryAddress), true);
    await seen("advert", sinceMs);
    const sources = tap.events.flatMap((event) => (event.what === "advert" ? [event.source] : []));
    assert.deepEqual([...new Set(sources)], [b.primaryAddress]);
  });

  it("loses every question between a fault and its end, and no other", async () => {
    const client = lab.fabric.clientNamespace("vpc");
    const probe = new Probe(client, vip, "icmp", 10);
    await until("answers", patienceMs, () => probe.answers.length > 10);
    const beforeMs = nowMs();
    await lab.fabric.cutNic("ins-a", [a.eniId]);
    const cut = await seen("rules", beforeMs);
    await grows("questions", client, "Icmp", "OutEchos");
    const healingMs = nowMs();
    await lab.fabric.heal();
    const healed = await seen("rules", healingMs);
    await until("answers again", patienceMs, () => (probe.answers.at(-1)?.sentMs ?? 0) > healed.atMs + 100);
    const lastMs = probe.answers.at(-1)?.sentMs ?? 0;
    // What was on its way when the probe was ended is no question of this test's.
    const questions = (await probe.end()).filter(({ sentMs }) => sentMs <= lastMs);
    const lost = questions.filter(({ answeredMs }) => answeredMs === null);
    assert.ok(lost.length > 0);
    assert.ok(lost.every(({ sentMs }) => sentMs > beforeMs && sentMs < healed.atMs));
    const inBetween = questions.filter(({ sentMs }) => sentMs > cut.atMs && sentMs < healingMs);
    assert.ok(inBetween.length > 0 && inBetween.every(({ answeredMs }) => answeredMs === null));
    assert.ok(outageMs(questions) >= inBetween.at(-1)!.sentMs - inBetween[0]!.sentMs);
  });

  it("counts a refused connection as no answer: the machine lives, the service does not", async () => {
    const client = lab.fabric.clientNamespace("vpc");
    assert.equal(await knock(client, vip, 80), "refused");
    const probe = new Probe(client, vip, "tcp:80", 10);
    await grows("refusals", lab.guest("ins-a"), "Tcp", "OutRsts");
    const questions = await probe.end();
    assert.ok(questions.length > 0 && questions.every(({ answeredMs }) => answeredMs === null));
  });

  it("counts the connections that a move of the VIP has broken, and none without one", async () => {
    const echo = join(import.meta.dirname, "../../lab/bench/client/echo.py");
    const servers = ["ins-a", "ins-b"].map((id) => inNamespace(lab.guest(id), [echo, String(echoPort)], () => {}));
    try {
      const client = lab.fabric.clientNamespace("vpc");
      const quiet = new Connections(client, vip, { count: 20 });
      await quiet.opened;
      assert.deepEqual(await quiet.end(), { broken: 0, hanging: 0 });
      const moved = new Connections(client, vip, { count: 20, periodMs: 100 });
      const silent = new Connections(client, vip, { count: 20, periodMs: 0 });
      await Promise.all([moved.opened, silent.opened]);
      const sinceMs = nowMs();
      await lab.fabric.apply([vpc([a, owning(b)])]);
      // Those that are in use tell of it as it happens, those that are not as they are used once more.
      await until("all of them", patienceMs, () => moved.brokenAtMs.length === 20);
      assert.ok(moved.brokenAtMs.every((atMs) => atMs > sinceMs));
      assert.deepEqual(silent.brokenAtMs, []);
      assert.deepEqual(await moved.end(), { broken: 20, hanging: 0 });
      assert.deepEqual(await silent.end(), { broken: 20, hanging: 0 });
    } finally {
      for (const server of servers) server.kill();
    }
  });

  it("tells the longest time from a question to its answer", async () => {
    const echo = join(import.meta.dirname, "../../lab/bench/client/echo.py");
    const server = inNamespace(lab.guest("ins-b"), [echo, String(echoPort)], () => {});
    try {
      const client = lab.fabric.clientNamespace("vpc");
      const connections = new Connections(client, vip, { count: 20, periodMs: 100 });
      await connections.opened;
      const stoodMs = 300;
      server.kill("SIGSTOP");
      // An acknowledgement of the last answer to each, and a question that gets none: a slow client takes its time.
      await grows("questions", client, "Tcp", "OutSegs", 40);
      await new Promise((done) => setTimeout(done, stoodMs));
      server.kill("SIGCONT");
      assert.deepEqual(await connections.end(), { broken: 0, hanging: 0 });
      assert.ok(connections.longestAnswerMs > stoodMs / 2, `${connections.longestAnswerMs} ms`);
    } finally {
      server.kill();
    }
  });
});
