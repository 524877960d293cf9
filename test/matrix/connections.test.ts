/**
 * The fault matrix of a pair with keepConnections: open connections live on wherever the old node lives, and are reset where
 * it is dead. `npm test` runs two cells of it, `npm run test:full` all of them; MATRIX="Debian 11, stable, connections" one part.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Subject } from "../../lab/faults/trial.ts";
import type { NodeName } from "../../lab/faults.ts";
import { Ha } from "../lab/ha.ts";
import { KeptLab, nodes } from "../lab/moves/keptLab.ts";
import { until } from "../support/lab.ts";
import { type Held, tryHeld } from "./held.ts";
import { dropResults, heldPartsOf, keepResults, labOf, partsAtATime, settingsOf } from "./parts.ts";

const wanted = process.env.MATRIX ?? "";

describe("the connections", { concurrency: partsAtATime(wanted) }, () => {
  for (const part of heldPartsOf(wanted)) {
    const { image, mode } = part;
    describe(`${image}, ${mode}: open connections`, { concurrency: 1 }, () => {
      const lab = new KeptLab(labOf(part));
      const subject = new Subject(lab.name);
      const cells: { fault: string; outcome: Held | null }[] = [];
      let keepalived = "";

      const settings = settingsOf(part);
      /** Asks again after a refusal, which has changed nothing: on a busy machine a node's own test may take too long. */
      const switchTo = async (node: NodeName) => {
        let said = "";
        await until(`the cloud has moved the VIP to ${node}`, async () => {
          const ha = new Ha(lab, "switchover", "--to", node, "--yes");
          const code = await ha.ended;
          said = ha.text;
          return code === 0 || (await lab.holder()) === node;
        }).catch((error) => assert.fail(`${error}\n${said}`));
      };

      before(async () => {
        dropResults(part);
        await lab.make(...settings);
        keepalived = (await lab.run("ssh", "a", "PATH=$PATH:/usr/sbin keepalived --version 2>&1 | head -n 1")).trim();
      });
      after(async () => {
        await lab.run("down");
        if (wanted) keepResults(part, { image, mode, date: new Date().toISOString().slice(0, 10), keepalived, cells });
      });

      for (const fault of part.held) {
        test(`${fault.name}: all are ${fault.end}, none hangs`, async (t) => {
          const cell = { fault: fault.name, outcome: null as Held | null };
          cells.push(cell);
          try {
            const held = await tryHeld(lab, subject, fault, switchTo);
            t.diagnostic(JSON.stringify(held));
            assert.ok(held.moves > 0, "the VIP has moved");
            assert.equal(held.hanging, 0, `${held.hanging} of ${held.open} hang`);
            assert.equal(
              held.broken,
              fault.end === "kept" ? 0 : held.open,
              `${held.broken} of ${held.open} are broken`,
            );
            cell.outcome = held;
            await lab.over();
          } catch (error) {
            for (const node of nodes) {
              const log = await lab.on(node, "tail -n 40 /var/log/keepalived.log").catch(String);
              t.diagnostic(`${node}:\n${log}`);
            }
            // What this cell has spoiled must not spoil the next one.
            await lab.run("down");
            await lab.make(...settings);
            throw error;
          }
        });
      }
    });
  }
});
