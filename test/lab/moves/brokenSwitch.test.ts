/** A planned switch that is broken off: whatever dies on the way, the pair ends whole. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Lab, until } from "../../support/lab.ts";
import { Ha, pulumiOf } from "../ha.ts";

const lab = new Lab("tb");

async function status(): Promise<number | null> {
  return new Ha(lab, "status").ended;
}

let pulumi: string;

/** Verdicts of all stacks, by `status --all`, which exits as the worst. */
async function all(code: number): Promise<[string, string][]> {
  const ha = new Ha(pulumi, "status", "--all", "--json");
  assert.equal(await ha.ended, code, ha.text);
  const { pairs } = JSON.parse(ha.text) as { pairs: { target: string; verdict: string }[] };
  return pairs.map(({ target, verdict }) => [target, verdict]);
}

before(async () => {
  await lab.run("up", "--engine", "inline", "--set", "publicIp=true");
  pulumi = pulumiOf(lab);
});
after(async () => {
  rmSync(pulumi, { recursive: true });
  await lab.run("down");
});

describe("the pair heals by itself when", () => {
  /** A switch to the other node that has come as far as a line says. The cloud takes its time for it: it is not over yet. */
  async function switching(line: RegExp): Promise<{ ha: Ha; from: "a" | "b"; to: "a" | "b" }> {
    const from = lab.master(await lab.converged());
    const to = from === "a" ? "b" : "a";
    await lab.ask("behave", { migrateMs: 10_000 });
    const ha = new Ha(lab, "switchover", "--yes");
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
    const leased = async () => (await lab.on(to, "ip -4 -o addr show dynamic to 10.0.1.100")).trim();
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
    const watch = new Ha(lab, "status", "--watch", "1");
    await watch.says(/: keepalived /);
    await lab.run("fail", to, "--how", "power");
    await lab.until((now) => now.converged && lab.master(now) === from, `${from} serves again`);
    assert.notEqual(await ha.ended, 0);
    assert.equal(await lab.holder(), from);
    watch.text = ""; // what it said while nobody served
    await watch.says(new RegExp(`degraded: .*client ${from}; .*${to} could not be asked: `));
    assert.equal(await watch.interrupted(), 1, watch.text);
    assert.equal(await status(), 1, "degraded, and told in spite of the dead node");
    const [selfTest, logs, history] = [new Ha(lab, "self-test"), new Ha(lab, "logs"), new Ha(lab, "history")];
    assert.deepEqual([await selfTest.ended, await logs.ended, await history.ended], [1, 1, 1]);
    assert.match(selfTest.text, new RegExp(`^  ! ${to} could not be asked: `, "m"));
    assert.match(selfTest.text, new RegExp(`^  ! ${from}, peer: `, "m"));
    assert.match(logs.text, new RegExp(`^${to}: .`, "m"));
    assert.match(logs.text, new RegExp(`  ${from}  Keepalived_vrrp `));
    assert.match(history.text, new RegExp(`^  ! ${to}: .*what it alone knows is missing`, "m"));
    const last = new Ha(lab, "maintenance", "on", from, "--yes");
    assert.equal(await last.ended, 4, last.text);
    assert.match(last.text, new RegExp(`^Refused, nothing has changed: ${to} could not be asked: `, "m"));
    const unread = ["stack organization/web/others", "unknown"];
    assert.deepEqual(await all(3), [unread, ["stack one", "degraded"], ["stack two", "degraded"]]);
    await lab.run("heal");
    assert.equal(await status(), 0);
    assert.deepEqual(await all(3), [unread, ["stack one", "healthy"], ["stack two", "healthy"]]);
  });
});

describe("every command ends and says what to do when", () => {
  test("both nodes are without power", async () => {
    for (const node of ["a", "b"]) await lab.run("fail", node, "--how", "power");
    const asked = ["status", "self-test", "logs", "history"].map((command) => new Ha(lab, command));
    assert.deepEqual(await Promise.all(asked.map(({ ended }) => ended)), [2, 3, 3, 3]);
    for (const { text } of asked)
      for (const node of ["a", "b"]) assert.match(text, new RegExp(`\\b${node}.*: .`), text);
    // Nobody could be asked, and a stack has no client of the lab's that tells an outage.
    assert.deepEqual(
      (await all(3)).map(([, verdict]) => verdict),
      ["unknown", "unknown", "unknown"],
    );
    const watch = new Ha(lab, "status", "--watch");
    await watch.says(/down: .*a could not be asked: .*b could not be asked: /);
    assert.equal(await watch.interrupted(), 2);
    const changes = ["on", "off"].map((to) => new Ha(lab, "maintenance", to, "a", "--yes"));
    assert.deepEqual(await Promise.all(changes.map(({ ended }) => ended)), [4, 4]);
  });
});
