import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type NetConnectOpts } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import packet from "dns-packet";
import { ask, serveControl } from "../../../lab/control.ts";
import { createDns, imagePaths, startMirror } from "../../../lab/fabric/index.ts";
import { cloudFor, raw } from "../support.ts";

const host = "Host: lab.invalid\r\n";
const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\n${host}${headers}Connection: close\r\n\r\n`;

/** Each is answered, or its connection is closed. */
const whole = [
  ...[
    "/%",
    "//",
    "//[",
    "/%00",
    "/%c0%ae",
    "/../../x",
    "/..%2f..%2fx",
    "http://[/",
    "foo://a/..%2fx",
    "*",
    "/?%",
    "/;",
  ],
  ...["/__proto__", "/constructor", "/toString", "/latest/meta-data/__proto__/constructor", "/latest//meta-data//"],
].map((path) => get(path));
const odd = [
  get(`/${"a".repeat(40_000)}`),
  get("/", `X-Long: ${"a".repeat(40_000)}\r\n`),
  get("/", "Upgrade: websocket\r\n"),
  get("/", "Content-Length: -1\r\n"),
  get("/", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
  get("/", "Transfer-Encoding: chunked\r\n").concat("zz\r\n"),
  `CONNECT / HTTP/1.1\r\n${host}\r\n`,
  `OPTIONS * HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
  "GET /\r\n\r\n",
  "\u0000\u0001\u0002\r\n\r\n",
];
/** Each ends before it is whole: the caller goes away. */
const brokenOff = [
  "POST / HTTP",
  "\u0016\u0003\u0001\u0000\u0001\u0000\r\n\r\n",
  `POST / HTTP/1.1\r\n${host}Content-Length: 1000\r\n\r\n{"a`,
  `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nff\r\n{"a`,
  `POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
];

/** Sends everything that nobody should, each on a connection of its own. */
async function abuse(target: NetConnectOpts, tls = false): Promise<void> {
  const open = () => (tls ? connectTls({ ...target, rejectUnauthorized: false }) : connect(target));
  for (const text of [...whole, ...odd]) {
    const socket = open();
    socket.on("error", () => {}); // A server may well break off here.
    socket.write(text);
    socket.resume();
    await once(socket, "close");
  }
  for (const text of brokenOff) {
    const socket = open();
    socket.on("error", () => {});
    await new Promise((sent) => socket.write(text, sent));
    if ("port" in target && !tls) socket.resetAndDestroy();
    else socket.destroy();
    await once(socket, "close");
  }
}

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "hostile-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("the mirror outlives every request, and gives away nothing but its packages", async (t) => {
  const dir = folder(t);
  const [repository = ""] = imagePaths(dir).repositories;
  const file = join(repository, "pool", "a+b_1:1~x.deb");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "a package");
  writeFileSync(join(dir, "x"), "no package");
  const mirror = await startMirror("127.0.0.1", 0, dir);
  t.after(() => mirror.close());
  await abuse({ host: "127.0.0.1", port: mirror.port });
  const fetched = async (path: string) => {
    const socket = connect({ host: "127.0.0.1", port: mirror.port });
    socket.write(get(path));
    return (await socket.toArray()).join("");
  };
  assert.match(await fetched("/pool/a%2bb_1%3a1~x.deb?v=1"), /^HTTP\/1.1 200 [\s\S]*\r\n\r\na package$/);
  const below = repository.slice(dir.length).split("/").length - 1;
  for (const up of ["../", "..%2f", "%2e%2e/"]) {
    for (const start of ["/", "//", "/pool/../"]) {
      assert.match(await fetched(`${start}${up.repeat(below)}x`), /^HTTP\/1.1 404 /, `${start}${up}`);
    }
  }
});

test("the API and the metadata service outlive every request", async (t) => {
  const dir = folder(t);
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...request, "-subj", "/CN=lab.invalid"], { stdio: "pipe" });
  const cloud = await cloudFor(t);
  const tls = await cloud.startTls("127.0.0.1", 0, { key: readFileSync(key), cert: readFileSync(cert) });
  const metadata = await cloud.startMetadata("127.0.0.1", 0, () => null);
  await abuse({ host: "127.0.0.1", port: cloud.port });
  await abuse({ host: "127.0.0.1", port: tls.port }, true);
  await abuse({ host: "127.0.0.1", port: tls.port });
  await abuse({ host: "127.0.0.1", port: metadata.port });
  const answer = await raw(cloud, { service: "vpc", action: "DescribeVpcs", body: {} });
  assert.equal(answer.body.Response.TotalCount, 0);
  assert.equal((await fetch(`http://127.0.0.1:${metadata.port}/latest/meta-data/`)).status, 404);
});

test("the lab's control socket outlives every request, and has no verbs but its own", async (t) => {
  const path = join(folder(t), "control.sock");
  const server = await serveControl(path, { ping: async () => "pong" });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await abuse({ path });
  for (const verb of ["constructor", "__proto__", "toString"]) await assert.rejects(ask(path, verb), /knows no/);
  assert.equal(await ask(path, "ping"), "pong");
});

test("the name server says nothing to what is no question, and knows no name but the cloud's", async (t) => {
  const dns = await createDns().listen("127.0.0.1", 0);
  t.after(() => dns.close());
  const socket = createSocket("udp4");
  t.after(() => socket.close());
  const query = (id: number, name: string) => packet.encode({ type: "query", id, questions: [{ type: "A", name }] });
  const whole = query(1, "vpc.tencentcloudapi.com");
  const pointerToItself = Buffer.from([...whole.subarray(0, 12), 0xc0, 12, 0, 1, 0, 1]);
  for (const bad of [
    Buffer.alloc(0),
    Buffer.alloc(12),
    Buffer.alloc(600, 0xff),
    whole.subarray(0, 20),
    pointerToItself,
  ]) {
    socket.send(bad, dns.port, "127.0.0.1");
  }
  for (const name of ["constructor", "__proto__", "example.com"]) {
    socket.send(query(7, name), dns.port, "127.0.0.1");
    const [answer] = (await once(socket, "message")) as [Buffer];
    const { id, flags = 0, answers } = packet.decode(answer);
    assert.deepEqual([id, flags & 15, answers], [7, 3, []], `${name}: no such name`);
  }
});
