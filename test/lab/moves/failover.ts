/** The whole program on real nodes, judged by packets and by the cloud's own record. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { EngineResult } from "../../../lab/engine/engine.ts";
import type { Status } from "../../../lab/pair/status.ts";
import { footprint, leftOf } from "../../support/footprint.ts";
import type { Call, Lab } from "../../support/lab.ts";

/** The tests of a pair in one mode. @param engine what makes it: what fails over does not depend on that */
export function failsOver(mode: "stable" | "standing-master", lab: Lab, engine: EngineResult["engine"] = "inline") {
  describe(`a pair in mode ${mode}, made by the ${engine} engine`, () => {
    let own: string[];

    before(async () => {
      await lab.run(
        "up",
        "--engine",
        engine,
        "--set",
        `mode=${mode}`,
        "--set",
        "publicIp=true",
        "--set",
        "preemptDelay=2",
      );
      own = footprint(lab.name);
      assert.ok(own.length > 10, "the lab shows on this machine");
    });

    after(async () => {
      await lab.run("down");
      assert.deepEqual(leftOf(own), [], "down left something behind");
    });

    test("comes up converged, with one MASTER that answers every client", async () => {
      const status = await lab.converged();
      assert.deepEqual(status.nodes.map(({ state }) => state).sort(), ["BACKUP", "MASTER"]);
      assert.equal(await lab.answer("vpc"), lab.master(status));
      assert.equal(await lab.answer("internet"), lab.master(status));
    });

    test("the commands that look say what was seen of it", async () => {
      const shown = JSON.parse(await lab.run("status", "--json")) as Status;
      assert.deepEqual(shown, await lab.status());
      const calls = JSON.parse(await lab.run("journal", "--json")) as Call[];
      assert.deepEqual((await lab.journal()).slice(0, calls.length), calls);
      const curl = ["curl", "-s", `http://${shown.vips[0]?.address}/`];
      assert.equal((await lab.run("client", "vpc", ...curl)).trim(), lab.master(shown));
    });

    test("a second up changes nothing", async () => {
      const calls = (await lab.journal()).length;
      const text = await lab.run("up");
      assert.match(text, /Nothing had to change/);
      const since = (await lab.journal()).slice(calls).filter(({ caller }) => !caller.startsWith("role:"));
      assert.deepEqual(
        since.filter(({ action }) => !action.startsWith("Describe")),
        [],
      );
    });

    test("a power cut of the MASTER moves VIP and EIP to the other node", async () => {
      const old = lab.master(await lab.converged());
      await lab.run("fail", old, "--how", "power");
      const status = await lab.until((now) => now.converged, "the other node serves");
      assert.notEqual(lab.master(status), old);
      assert.equal(await lab.answer("internet"), lab.master(status));
      assert.equal(await lab.holder(), lab.master(status));
    });

    test(`the old node comes back: the VIP ${mode === "stable" ? "stays" : "returns to the preferred node"}`, async () => {
      const serving = lab.master(await lab.converged());
      await lab.run("heal");
      const status = await lab.converged();
      assert.ok(status.nodes.every(({ state }) => state === "MASTER" || state === "BACKUP"));
      assert.equal(lab.master(status), mode === "stable" ? serving : "a");
    });

    // As old as the simulation has them, and there in both modes.
    if (mode === "stable") {
      test("a failover in a cloud whose looks are late takes one move and ends right", async () => {
        const moves = async () =>
          (await lab.journal()).filter(({ action, result }) => action === "MigratePrivateIpAddress" && result === "ok")
            .length;
        const before_ = await moves();
        const old = lab.master(await lab.converged());
        await lab.ask("behave", { staleReadMs: 400 });
        await lab.run("fail", old, "--how", "keepalived-stop");
        await lab.until((now) => now.converged && lab.master(now) !== old, "the other node serves");
        await lab.run("heal");
        const status = await lab.converged();
        assert.notEqual(lab.master(status), old);
        assert.equal(await lab.answer("internet"), lab.master(status));
        assert.equal((await moves()) - before_, 1);
        await lab.ask("behave", { staleReadMs: 0 });
      });
    }

    for (const first of ["a", "b"] as const) {
      test(`a partition that begins with ${first} as MASTER heals without a black hole`, async () => {
        await lab.makeMaster(first);
        await lab.run("fail", first, "--how", "partition");
        await lab.until(
          (now) => now.nodes.every(({ state }) => state === "MASTER"),
          "both nodes believe they are MASTER",
        );
        await lab.run("heal");
        const status = await lab.converged();
        assert.equal(await lab.holder(), lab.master(status));
        assert.equal(await lab.answer("vpc"), lab.master(status));
      });
    }
  });
}
