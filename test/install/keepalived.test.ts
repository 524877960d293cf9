import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { modes, nodeNames } from "../../render/model.ts";
import { renderNode } from "../../render/render.ts";
import { cloudIds, settingsFor } from "../golden/pair.ts";
import { Machine } from "./machine.ts";

for (const mode of modes) {
  for (const node of nodeNames) {
    describe(`${mode}, node ${node}`, () => {
      test("keepalived takes the file as it stands, without a word", async (t) => {
        const machine = await Machine.start({ name: "eth1", mac: cloudIds.eniMacs[node] });
        t.after(() => machine.stop());
        machine.write(...renderNode(settingsFor(mode), cloudIds, node));
        for (const check of ["nic.sh up", "check_config.sh"]) {
          assert.deepEqual(machine.run(`/etc/keepalived/${check}`), { status: 0, stdout: "", stderr: "" }, check);
        }
        const keepalived = machine.run("keepalived -t -f /etc/keepalived/keepalived.conf");
        assert.deepEqual(keepalived, { status: 0, stdout: "", stderr: "" });
      });
    });
  }
}
