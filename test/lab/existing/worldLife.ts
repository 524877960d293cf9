/** The life of a pair that the lab builds into its world by a profile, on either engine: it serves, and leaves no trace. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DrillRecord } from "../../../cli/ha/drill/record.ts";
import type { EngineResult } from "../../../lab/engine/engine.ts";
import { readConfig } from "../../../lab/state.ts";
import { readWorld, type World } from "../../../lab/world/record.ts";
import { differences, snapshot } from "../../../lab/world/snapshot.ts";
import type { Lab } from "../../support/lab.ts";
import { Ha } from "../ha.ts";

/** The world that a test has made in its lab. */
export const worldOf = (lab: Lab): World => readWorld(lab.name) ?? assert.fail("no world");

/** What is in the world now, for a comparison. */
export const worldNow = (lab: Lab): Promise<string[]> =>
  snapshot(readConfig(lab.name) ?? assert.fail("no lab"), worldOf(lab));

/** A command of `npm run ha` that must succeed; gives what it printed. */
async function ha(lab: Lab, ...args: string[]): Promise<string> {
  const run = new Ha(lab, ...args);
  assert.equal(await run.ended, 0, run.text);
  return run.text;
}

/** Every login on the nodes came by the bastion, the one that asks as well. */
async function assertByBastion(lab: Lab): Promise<void> {
  for (const node of ["a", "b"]) {
    const journal = await ha(lab, "ssh", node, "journalctl -o cat -t sshd --no-pager");
    const from = [...journal.matchAll(/^Accepted publickey for root from (\S+)/gm)].map(([, address]) => address);
    assert.ok(from.length > 0, journal);
    assert.deepEqual(new Set(from), new Set([worldOf(lab).bastion.address]));
  }
}

/**
 * The tests of one profile, in a lab that has its world.
 * @param settings in place of the profile's own
 */
export function livesIn(
  lab: Lab,
  profile: "existing" | "private" | "machines",
  engine: EngineResult["engine"],
  settings: Record<string, string> = {},
): void {
  let found: string[];
  const title = [profile, ...Object.values(settings).filter(Boolean)].join(" ");
  const sets = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const up = () => lab.run("up", "--engine", engine, "--profile", profile, ...sets);
  const assertNothingToDo = async () => {
    await lab.begins(`${title} with nothing to do`);
    const before = await lab.logins();
    assert.match(await up(), /Nothing had to change/);
    assert.equal(await lab.logins(), before, "SSH logins");
  };

  test(`${title}: it comes up and serves, and a second up has nothing to do and logs in nowhere`, async () => {
    found = await worldNow(lab);
    await lab.begins(`${title} up`);
    await up();
    const status = await lab.converged();
    assert.equal(await lab.answer("vpc"), lab.master(status));
    if (profile === "existing") assert.equal(await lab.answer("internet"), lab.master(status));
    assert.deepEqual(
      status.nodes.map(({ address }) => address),
      ["172.20.1.18", "172.20.1.19"],
      "neighbours have 16 and 17",
    );
    await assertNothingToDo();
  });

  test(`${title}: ha switches over, by the way that up came`, async () => {
    const next = lab.master(await lab.converged()) === "a" ? "b" : "a";
    await lab.begins(`${title} switch to ${next}`);
    await ha(lab, "switchover", "--to", next, "--yes");
    assert.equal(lab.master(await lab.converged()), next);
    if (profile !== "existing") await assertByBastion(lab);
  });

  if (profile === "private")
    test(`${title}: in a drill that is asked for from here the bastion asks the VIP`, async () => {
      await lab.begins(`${title} drill`);
      const out = mkdtempSync(join(tmpdir(), "drill-"));
      // How long an outage lasts on a machine that does much else says nothing about a product.
      await ha(lab, "drill", "--run", "--yes", "--fault", "switch", "--from", "here", "--within", "120s", "--out", out);
      const { phases } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as DrillRecord;
      rmSync(out, { recursive: true });
      const [client] = phases[0]?.clients ?? [];
      assert.equal(client?.name, "bastion");
      assert.ok(client.answered > 0, JSON.stringify(client));
      await lab.converged();
    });

  test(`${title}: after a power cut the other node serves, and neither refresh nor up undoes that`, async () => {
    const old = lab.master(await lab.status());
    await lab.begins(`${title} power cut of ${old}`);
    await lab.run("fail", old, "--how", "power");
    await lab.until((now) => now.converged && lab.master(now) !== old, "the other node serves");
    await lab.run("heal");
    const next = lab.master(await lab.converged());
    if (profile === "existing") assert.equal(await lab.answer("internet"), next, "the EIP is with it");
    if (engine === "pulumi") {
      await lab.begins(`${title} refresh`);
      await lab.run("pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive");
    }
    await assertNothingToDo();
    assert.equal(lab.master(await lab.converged()), next);
  });

  test(`${title}: destroy leaves everything that was there as it was`, async () => {
    await lab.begins(`${title} destroy`);
    await lab.run("destroy");
    await lab.begins(null);
    assert.deepEqual(differences(found, await worldNow(lab)), []);
  });
}
