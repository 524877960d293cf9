/**
 * The fault matrix: one body, faults as values. `npm test` runs ten cells of it on Debian 12, `npm run test:full` all of
 * them on each system; MATRIX="Debian 11, stable" runs one part.
 */
import { after, before, describe, test } from "node:test";
import { type Outcome, Subject, tryFault } from "../../lab/faults/trial.ts";
import { Lab } from "../support/lab.ts";
import { dropResults, keepResults, labOf, partsAtATime, partsOf, settingsOf } from "./parts.ts";

const wanted = process.env.MATRIX ?? "";

describe("the faults", { concurrency: partsAtATime(wanted) }, () => {
  for (const part of partsOf(wanted)) {
    const { image, mode } = part;
    describe(`${image}, ${mode}: the VIP is on a live MASTER in the cloud and on the NIC, and answers, in spite of`, {
      concurrency: 1,
    }, () => {
      const lab = new Lab(labOf(part));
      const subject = new Subject(lab.name);
      const cells: { fault: string; outcome: Outcome | null }[] = [];
      let keepalived = "";

      const settings = settingsOf(part);
      const up = () => lab.run("up", "--engine", "inline", ...settings.flatMap((set) => ["--set", set]));

      before(async () => {
        dropResults(part);
        await up();
        keepalived = (await lab.run("ssh", "a", "PATH=$PATH:/usr/sbin keepalived --version 2>&1 | head -n 1")).trim();
      });
      after(async () => {
        await lab.run("down");
        if (wanted) keepResults(part, { image, mode, date: new Date().toISOString().slice(0, 10), keepalived, cells });
      });

      for (const fault of part.faults) {
        test(`${fault.name}: ${fault.what}`, async (t) => {
          const cell = { fault: fault.name, outcome: null as Outcome | null };
          cells.push(cell);
          try {
            cell.outcome = await tryFault(subject, fault);
            t.diagnostic(`outage ${cell.outcome.outageMs} ms, moves ${cell.outcome.moves}`);
          } catch (error) {
            // What this cell has spoiled must not spoil the next one.
            await lab.run("down");
            await up();
            throw error;
          }
        });
      }
    });
  }
});
