/** SSH keys as people have them, and as they come out of a copy that went wrong. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { hostKeyProblem, keysMatch, publicKeyProblem, readPrivateKey } from "../../../config/sshKeys.ts";
import { key } from "../given.ts";

const folder = mkdtempSync(join(tmpdir(), "keys-"));
after(() => rmSync(folder, { recursive: true }));

/** Keys of every kind that ssh-keygen makes, in its own format and in the older one. */
const made = (["rsa", "ecdsa", "ed25519"] as const).flatMap((type) =>
  ["RFC4716", "PEM", "PKCS8"].flatMap((format) => {
    const file = join(folder, `${type}-${format}`);
    const { status } = spawnSync("ssh-keygen", [
      "-q",
      "-t",
      type,
      "-m",
      format,
      "-N",
      "",
      "-C",
      "me at home",
      "-f",
      file,
    ]);
    // Ed25519 has no form but ssh-keygen's own.
    assert.equal(status, 0, `${type} ${format}`);
    const [pem, line] = [readFileSync(file, "utf8"), readFileSync(`${file}.pub`, "utf8").trim()];
    return [{ name: `${type} as ${format}`, pem, line }];
  }),
);
const pemOf = (text: string): string => {
  const read = readPrivateKey(text);
  return "pem" in read ? read.pem : assert.fail(read.problem);
};
const problemOf = (text: string): string => {
  const read = readPrivateKey(text);
  return "problem" in read ? read.problem : assert.fail("accepted");
};

test("a key of ssh-keygen's is taken as it is, and its public half is found", () => {
  for (const { name, pem, line } of made) {
    const read = readPrivateKey(pem);
    assert.deepEqual(read, { pem, publicKey: line.split(" ").slice(0, 2).join(" ") }, name);
    assert.equal(publicKeyProblem(line), null, name);
    assert.ok(keysMatch(line, pem), name);
    assert.ok(!keysMatch(key.publicKey, pem), name);
  }
});

test("line ends, indentation, a byte order mark and lost or written-out line ends are put right", () => {
  for (const { name, pem } of made) {
    const lines = pem.trim().split("\n");
    const forms = {
      CRLF: lines.join("\r\n"),
      "a byte order mark": `\uFEFF${pem}`,
      indented: lines.map((line) => `    ${line}`).join("\n"),
      "blank lines": `\n\n${lines.join("\n\n")}\n`,
      "blanks for line ends": lines.join(" "),
      "line ends that are lost": lines.join(""),
      "line ends that are written out": `${lines.join("\\n")}\\n`,
      "no last line end": pem.trim(),
    };
    const bodyOf = (text: string) => text.replaceAll(/\s/g, "");
    for (const [form, text] of Object.entries(forms)) {
      const good = pemOf(text);
      assert.equal(bodyOf(good), bodyOf(pem), `${name}, ${form}`);
      assert.equal(pemOf(good), good, "what is good stays as it is");
      const file = join(folder, "again");
      writeFileSync(file, good, { mode: 0o600 });
      assert.equal(spawnSync("ssh-keygen", ["-y", "-P", "", "-f", file]).status, 0, `${name}, ${form}`);
    }
  }
});

test("what is no usable private key is refused by what it is", () => {
  const openssh = key.openssh("none");
  const body = openssh.split("\n").slice(1, -2).join("");
  const ofBody = (bytes: Buffer) =>
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
  const flipped = Buffer.from(body, "base64");
  flipped[flipped.length - 60]! ^= 1;
  const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const encrypted = (type: "pkcs1" | "pkcs8") =>
    rsa.export({ type, format: "pem", cipher: "aes-256-cbc", passphrase: "x" }).toString();
  const x25519 = generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const cases: [string, string, RegExp][] = [
    ["garbage in OpenSSH's frame", ofBody(Buffer.from("hello, this is no key at all")), /damaged or cut off$/],
    ["one bit of OpenSSH's body", ofBody(flipped), /damaged or cut off$/],
    ["half of OpenSSH's body", ofBody(Buffer.from(body, "base64").subarray(0, 120)), /damaged or cut off$/],
    ["half of a PEM's body", key.privateKey.replace(/.{20}\n-----END/, "\n-----END"), /damaged or cut off$/],
    ["a PEM without its end", key.privateKey.split("\n").slice(0, -2).join("\n"), /damaged or cut off$/],
    ["a letter that base64 has not", key.privateKey.replace(/A/, "?"), /damaged or cut off$/],
    ["a passphrase, OpenSSH's format", key.openssh("aes256-ctr"), /one has a passphrase$/],
    ["a passphrase, PKCS#1", encrypted("pkcs1"), /one has a passphrase$/],
    ["a passphrase, PKCS#8", encrypted("pkcs8"), /one has a passphrase$/],
    ["a public key", key.publicKey, /is a public key$/],
    ["a file's name", "~/.ssh/id_rsa", /is a file's name: pulumi config set --secret sshPrivateKey < file$/],
    ["PuTTY's format", "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", /puttygen exports it as OpenSSH's$/],
    ["a kind that SSH does not log in with", x25519, /is none of RSA, ECDSA and Ed25519$/],
    ["a password", "hunter2", /^the content of a private key file .*-----BEGIN$/],
  ];
  for (const [name, text, problem] of cases) {
    assert.match(problemOf(text), problem, name);
    assert.doesNotMatch(problemOf(text), /hunter2/);
  }
  assert.ok(createPrivateKey(pemOf(rsa.export({ type: "pkcs1", format: "pem" }).toString())));
});

test("a public key is refused when its body is not what its type says", () => {
  const [type = "", body = ""] = key.publicKey.split(" ");
  const bad = [
    `${type} ${body.slice(0, -4)}`,
    `ssh-rsa ${body}`,
    `${type} ${"A".repeat(60)}`,
    `${type} ${body}\n${type} ${body}`,
    `${type}`,
    body,
  ];
  for (const text of bad) assert.match(publicKeyProblem(text) ?? "accepted", /^one whole line of a \.pub file/, text);
  for (const text of bad) assert.match(hostKeyProblem(text) ?? "accepted", /an RSA host key can't be pinned/, text);
  assert.equal(publicKeyProblem(` ${key.publicKey}\n`), null);
  assert.equal(hostKeyProblem(key.publicKey), null);
});
