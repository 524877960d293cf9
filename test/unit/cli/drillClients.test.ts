/** Who asks the VIP in a drill, against servers and a ping of the test's own. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type ClientWish, startClients } from "../../../cli/ha/drill/clients.ts";
import type { Target } from "../../../cli/ha/reach/target.ts";

const start = (...wishes: ClientWish[]) =>
  startClients({} as Target, wishes, { node: "b", aheadS: 0 }, new AbortController().signal);

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  while (!isSo()) {
    assert.ok(Date.now() < deadlineMs, "not in time");
    await new Promise((done) => setTimeout(done, 10));
  }
}

async function serve(port: number, status: () => number): Promise<Server> {
  const server = createServer((_, response) => void response.writeHead(status()).end());
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return server;
}

for (const protocol of ["http", "tcp"]) {
  test(`a URL of ${protocol} is asked until the end, and what was lost between two answers is a gap`, async () => {
    const first = await serve(0, () => 200);
    const { port } = first.address() as AddressInfo;
    const [client] = await start({ kind: "url", url: new URL(`${protocol}://127.0.0.1:${port}`) });
    assert.ok(client);
    first.close();
    first.closeAllConnections();
    // The last answers may be on their way still.
    await until(() => client.lastAt < Date.now() / 1000 - 1);
    const lastAt = client.lastAt;
    const second = await serve(port, () => 200);
    await until(() => client.lastAt > lastAt);
    const heard = client.end();
    second.close();
    second.closeAllConnections();
    assert.ok(heard.asked > heard.answered && heard.answered > 1, JSON.stringify(heard));
    const [gap] = heard.gaps;
    assert.ok(gap && gap.from <= lastAt && gap.to > lastAt + 1, JSON.stringify(heard));
  });
}

test("a server that is there and fails does not answer", async () => {
  let status = 200;
  const server = await serve(0, () => status);
  const { port } = server.address() as AddressInfo;
  const [client] = await start({ kind: "url", url: new URL(`http://127.0.0.1:${port}/health`) });
  assert.ok(client);
  status = 503;
  await until(() => client.lastAt < Date.now() / 1000 - 1);
  server.close();
  server.closeAllConnections();
  assert.ok(client.end().gaps.length > 0);
});

test("ping's lines are read with the time at which the kernel had the answer", async () => {
  // With two digits, as it is compared: half a hundredth was rounded up here and down there.
  const now = Math.round(Date.now() / 10) / 100;
  const line = (number: number, at: number) =>
    `[${(now + at).toFixed(6)}] 64 bytes from 10.0.1.100: icmp_seq=${number} ttl=64 time=0.4 ms`;
  const lines = [line(1, -3), line(2, -2.98), line(60, -1), line(61, -0.01)].map((text) => `echo '${text}'`);
  const inside = ["sh", "-c", `${lines.join(";")}; exec sleep 60`];
  const [client] = await start({ kind: "lab", name: "vpc", address: "10.0.1.100", inside });
  assert.ok(client);
  await until(() => client.lastAt > now - 0.5);
  const { name, asked, answered, gaps } = client.end();
  assert.deepEqual([name, asked, answered], ["vpc client", 61, 4]);
  // Between 60 and 61 nothing was asked.
  assert.deepEqual([gaps[0]?.from.toFixed(2), gaps[0]?.to.toFixed(2)], [(now - 2.98).toFixed(2), (now - 1).toFixed(2)]);
});

test("a drill does not begin with a client that cannot ask", async () => {
  const inside = ["sh", "-c", "echo 'no such network' >&2; exit 2"];
  const asks = start({ kind: "lab", name: "vpc", address: "10.0.1.100", inside });
  await assert.rejects(asks, /vpc client cannot ask the VIP: no such network/);
});
