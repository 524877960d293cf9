import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cloudFor, raw } from "../support.ts";

const name = "vpc.tencentcloudapi.com";

test("nodes reach the same cloud over TLS, by the vendor's name", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "cloud-tls-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...request, "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`], {
    stdio: "pipe",
  });
  const ca = readFileSync(cert);
  const cloud = await cloudFor(t);
  const { port } = await cloud.startTls("127.0.0.1", 0, { key: readFileSync(key), cert: ca });
  const call = { service: "vpc", action: "CreateVpc", host: name, tls: { port, ca } } as const;
  await raw(cloud, { ...call, body: { VpcName: "v", CidrBlock: "10.0.0.0/16" } });
  assert.equal(cloud.model.vpcs.size, 1);
  cloud.faults.set({ apiDown: true });
  await assert.rejects(raw(cloud, { ...call, body: {} }));
});
