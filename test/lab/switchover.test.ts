/** A planned switch on real nodes, judged by packets; and whatever dies on the way, the pair ends whole. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { Pinger } from "../../lab/probe/pinger.ts";
import { Lab, until } from "../support/lab.ts";

const lab = new Lab("tw");

/** `npm run ha` in a process group of its own, so that it can be killed with all it has started. */
class Ha {
  readonly ended: Promise<number | null>;
  text = "";
  private readonly child: ChildProcess;

  constructor(...args: string[]) {
    const argv = ["--disable-warning=ExperimentalWarning", "cli/ha/main.ts", ...args, "--lab", lab.name];
    this.child = spawn(process.execPath, argv, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.text += chunk;
      });
    }
    this.ended = new Promise((resolve) => this.child.on("close", resolve));
  }

  /** Resolves once it has printed this. */
  async says(what: RegExp): Promise<void> {
    await new Promise<void>((said, failed) => {
      const look = () => what.test(this.text) && said();
      this.child.stdout?.on("data", look);
      this.child.stderr?.on("data", look);
      void this.ended.then(() => failed(new Error(`no ${what} in:\n${this.text}`)));
      look();
    });
  }

  kill(): void {
    process.kill(-(this.child.pid ?? 0), "SIGKILL");
  }
}

async function status(): Promise<number | null> {
  return new Ha("status").ended;
}

before(() => lab.run("up", "--engine", "inline", "--set", "publicIp=true"));
after(() => lab.run("down"));

/** A client of the VIP loses at most 5 of its probes, one every 10 ms. */
async function switchTo(to: "a" | "b"): Promise<void> {
  const pinger = new Pinger(await lab.namespace("vpc"), "10.0.1.100");
  await pinger.first();
  const ha = new Ha("switchover", "--to", to, "--yes");
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

describe("a switch that is asked for", () => {
  test("in stable goes there and back, and both nodes take part afterwards", async () => {
    await lab.makeMaster("a");
    for (const to of ["b", "a"] as const) {
      await switchTo(to);
      assert.equal(await status(), 0);
    }
  });

  test("asks before it does anything, and without a terminal it does nothing", async () => {
    const calls = (await lab.journal()).filter(({ action }) => action === "MigratePrivateIpAddress").length;
    const ha = new Ha("switchover");
    assert.equal(await ha.ended, 4);
    assert.match(ha.text, /MigratePrivateIpAddress SourceNetworkInterfaceId=eni-/);
    assert.equal((await lab.journal()).filter(({ action }) => action === "MigratePrivateIpAddress").length, calls);
  });

  test("in standing-master away from the preferred node lasts, and back to it ends its maintenance", async () => {
    await lab.run("up", "--set", "mode=standing-master");
    await switchTo("b");
    assert.deepEqual(
      (await lab.status()).nodes.map(({ maintenance }) => maintenance),
      [true, false],
    );
    assert.equal(await status(), 1, "degraded: nobody would take over");
    await switchTo("a");
    assert.deepEqual(
      (await lab.status()).nodes.map(({ maintenance }) => maintenance),
      [false, false],
    );
    assert.equal(await status(), 0);
  });
});

describe("the pair heals by itself when", () => {
  before(async () => {
    await lab.run("up", "--set", "mode=stable");
  });

  /** A switch to the other node that has come as far as a line says. The cloud takes its time for it: it is not over yet. */
  async function switching(line: RegExp): Promise<{ ha: Ha; from: "a" | "b"; to: "a" | "b" }> {
    const from = lab.master(await lab.converged());
    const to = from === "a" ? "b" : "a";
    await lab.ask("behave", { migrateMs: 10_000 });
    const ha = new Ha("switchover", "--yes");
    await ha.says(line);
    await lab.ask("behave", { migrateMs: null });
    return { ha, from, to };
  }

  test("the operator's command is killed after prepare", async () => {
    const { ha, to } = await switching(/the VIP is on eth1 for 30 s/);
    ha.kill();
    const now = await lab.converged();
    // Gone by itself, or the yield was on its way already and went through.
    const onNic = now.vips[0]?.onNic;
    assert.deepEqual(onNic, [lab.master(now)]);
    const leased = async () => (await lab.run("ssh", to, "ip -4 -o addr show dynamic to 10.0.1.100")).trim();
    await until("the kernel takes the address away", async () => (await leased()) === "");
  });

  test("the operator's command is killed after yield was asked: the switch goes on", async () => {
    const { ha, to } = await switching(/the cloud is moving/);
    ha.kill();
    await lab.until((now) => now.converged && lab.master(now) === to, `${to} serves`);
    assert.equal(await lab.holder(), to);
  });

  test("the giving node loses its power in the middle: the other one takes over", async () => {
    const { ha, from, to } = await switching(/the cloud is moving/);
    await lab.run("fail", from, "--how", "power");
    await lab.until((now) => now.converged && lab.master(now) === to, `${to} serves`);
    await ha.ended;
    await lab.run("heal");
  });

  test("the taking node loses its power in the middle: the VIP comes back", async () => {
    const { ha, from, to } = await switching(/the cloud is moving/);
    await lab.run("fail", to, "--how", "power");
    await lab.until((now) => now.converged && lab.master(now) === from, `${from} serves again`);
    assert.notEqual(await ha.ended, 0);
    assert.equal(await lab.holder(), from);
    assert.equal(await status(), 1, "degraded, and told in spite of the dead node");
    await lab.run("heal");
    assert.equal(await status(), 0);
  });
});
