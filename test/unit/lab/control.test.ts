/** How a command asks the lab's daemon. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, serveControl } from "../../../lab/control.ts";

const folder = mkdtempSync(join(tmpdir(), "control-"));
const socket = join(folder, "control.sock");
let server: Awaited<ReturnType<typeof serveControl>>;

before(async () => {
  server = await serveControl(socket, { echo: async (args) => args });
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test("it is asked again after a pause in which the daemon has closed what was idle", async () => {
  assert.deepEqual(await ask(socket, "echo", { n: 1 }), { n: 1 });
  server.closeIdleConnections();
  assert.deepEqual(await ask(socket, "echo", { n: 2 }), { n: 2 });
});

test("where nobody listens it says how a lab is started", async () => {
  await assert.rejects(ask(join(folder, "none.sock"), "echo"), /This lab does not run\. Start it with "npm run lab"/);
});
