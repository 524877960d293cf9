/**
 * SSH keys by what they are, not by how they look: a key that only looks like one is refused by the node, minutes later and
 * in other words.
 */
import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { blobOf, fieldsOf, publicLine } from "../render/sshWire.ts";

const ed25519Bytes = 32;

/** Whether a line of a .pub file holds what its type says: type, key, perhaps a comment. */
function isPublicKey(text: string, types: RegExp): boolean {
  const line = /^(\S+) ([A-Za-z0-9+/]+={0,2})( .*)?$/.exec(text.trim());
  const [, type = "", body = ""] = line ?? [];
  if (!types.test(type)) return false;
  const [inner, ...fields] = fieldsOf(Buffer.from(body, "base64")) ?? [];
  if (inner?.toString() !== type) return false;
  const [first, second] = fields;
  if (type === "ssh-ed25519") return fields.length === 1 && first?.length === ed25519Bytes;
  // RSA: exponent and modulus; ECDSA: the curve's name and a point.
  const named = type === "ssh-rsa" || first?.toString() === type.slice("ecdsa-sha2-".length);
  return fields.length === 2 && named && (second?.length ?? 0) > ed25519Bytes;
}

/** Why a text is no public key, null when it is one. */
export function publicKeyProblem(text: string): string | null {
  return isPublicKey(text, /^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521))$/)
    ? null
    : 'one whole line of a .pub file, for example "ssh-rsa AAAA… me@host"';
}

/**
 * Why a text is no host key that can be insisted on, null when it is one. RSA can't be: the provider's SSH client offers only
 * `ssh-rsa` (SHA-1) for it, which sshd refuses.
 */
export function hostKeyProblem(text: string): string | null {
  return text === "any" || isPublicKey(text, /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521))$/)
    ? null
    : "any, or the line of its /etc/ssh/ssh_host_ed25519_key.pub (ed25519 or ecdsa; an RSA host key can't be pinned)";
}

export interface PrivateKey {
  /** As every SSH client takes it. */
  pem: string;
  /** Type and body of its public half. */
  publicKey: string;
}

const wanted = "the content of a private key file without a passphrase, beginning with -----BEGIN";
const no = (why: string) => ({ problem: `${wanted}; this ${why}` });
const damaged = "one is damaged or cut off";

/**
 * A private key without a passphrase: nobody can type one in the middle of an update. Line ends, indentation and a byte order
 * mark are put right, and so are line ends that were lost or came as `\n`.
 */
export function readPrivateKey(raw: string): PrivateKey | { problem: string } {
  const text = raw
    .replace(/^\uFEFF/, "")
    .replaceAll("\\r", "")
    .replaceAll("\\n", "\n")
    .trim();
  if (text.startsWith("PuTTY-User-Key-File")) return no("is PuTTY's format: puttygen exports it as OpenSSH's");
  if (/^(ssh|ecdsa|sk)-\S+ AAAA/.test(text)) return no("is a public key");
  if (/^[~./]\S*$/.test(text)) return no("is a file's name: pulumi config set --secret sshPrivateKey < file");
  // openssl writes the curve before the key.
  const [, kind = "", middle] =
    /^(?:-----BEGIN EC PARAMETERS-----[^-]*-----END EC PARAMETERS-----\s*)?-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----([\s\S]*)-----END \1-----$/.exec(
      text,
    ) ?? [];
  if (middle === undefined) return text.startsWith("-----BEGIN ") ? no(damaged) : { problem: wanted };
  if (kind.includes("ENCRYPTED") || /ENCRYPTED/.test(middle)) return no("one has a passphrase");
  const body = middle.replaceAll(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return no(damaged);
  // Left as it came where that is good: another text would be another connection to a running pair.
  const good = /^-----BEGIN [A-Z0-9 ]+-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END [A-Z0-9 ]+-----\n$/.test(raw);
  const pem = good ? raw : `-----BEGIN ${kind}-----\n${body.replaceAll(/.{1,64}/g, "$&\n")}-----END ${kind}-----\n`;
  const half = kind === "OPENSSH PRIVATE KEY" ? opensshHalf(Buffer.from(body, "base64")) : pemHalf(pem);
  return "problem" in half ? no(half.problem) : { pem, ...half };
}

type Half = { publicKey: string } | { problem: string };

const otherKind = "is none of RSA, ECDSA and Ed25519";

function pemHalf(pem: string): Half {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return { problem: damaged };
  }
  const { asymmetricKeyType: type } = key;
  if (type !== "rsa" && type !== "ec" && type !== "ed25519") return { problem: otherKind };
  const publicKey = publicLine(createPublicKey(key));
  return publicKey === null ? { problem: otherKind } : { publicKey };
}

const magic = Buffer.from("openssh-key-v1\0");

/** OpenSSH's own format (its PROTOCOL.key), which node does not read: cipher, kdf, its options, a count, public and private part. */
function opensshHalf(bytes: Buffer): Half {
  const start = bytes.subarray(0, magic.length);
  const head = start.equals(magic) ? bytes.subarray(magic.length) : Buffer.alloc(0);
  const [cipher, kdf, options] = fieldsOf(head, 3) ?? [];
  if (!cipher || !kdf || !options) return { problem: damaged };
  if (cipher.toString() !== "none" || kdf.toString() !== "none") return { problem: "one has a passphrase" };
  const rest = head.subarray(12 + cipher.length + kdf.length + options.length);
  if (rest.length < 4 || rest.readUInt32BE(0) !== 1) return { problem: damaged };
  const [blob, secret, ...more] = fieldsOf(rest.subarray(4)) ?? [];
  if (!blob || !secret || more.length > 0) return { problem: damaged };
  const type = (fieldsOf(blob) ?? [])[0]?.toString() ?? "";
  const publicKey = `${type} ${blob.toString("base64")}`;
  if (publicKeyProblem(publicKey) !== null) return { problem: otherKind };
  return belongsTo(blob, type, secret) ? { publicKey } : { problem: damaged };
}

/**
 * Whether the private part is whole and is that of the public one: a check number twice, the type, the numbers of the key, a
 * comment, padding.
 */
function belongsTo(blob: Buffer, type: string, secret: Buffer): boolean {
  if (secret.length < 8 || secret.readUInt32BE(0) !== secret.readUInt32BE(4)) return false;
  const count = { "ssh-rsa": 8, "ssh-ed25519": 4 }[type] ?? 5;
  const fields = fieldsOf(secret.subarray(8), count) ?? [];
  const [inner, first, second, third] = fields;
  if (fields.length < count || !inner || !first || !second || !third) return false;
  const end = 8 + fields.reduce((sum, { length }) => sum + 4 + length, 0);
  if (![...secret.subarray(end)].every((byte, i) => byte === i + 1)) return false;
  if (type === "ssh-rsa") {
    const [n, e, d, p, q] = [first, second, third, fields[5]!, fields[6]!].map((bytes) =>
      BigInt(`0x0${bytes.toString("hex")}`),
    ) as [bigint, bigint, bigint, bigint, bigint];
    const fits = p > 1n && q > 1n && p * q === n && [p, q].every((prime) => (e * d) % (prime - 1n) === 1n);
    // The public half has these two in the other order.
    return fits && blobOf([inner, second, first]).equals(blob);
  }
  if (type === "ssh-ed25519") {
    if (second.length !== 2 * ed25519Bytes || !second.subarray(ed25519Bytes).equals(first)) return false;
    const seed = second.subarray(0, ed25519Bytes).toString("base64url");
    const jwk = { kty: "OKP", crv: "Ed25519", d: seed, x: first.toString("base64url") };
    return (
      publicLine(createPublicKey(createPrivateKey({ key: jwk, format: "jwk" })))?.split(" ")[1] ===
      blob.toString("base64")
    );
  }
  const curve = { nistp256: "prime256v1", nistp384: "secp384r1", nistp521: "secp521r1" }[first.toString()] ?? "";
  return blobOf([inner, first, publicPoint(curve, third)]).equals(blob);
}

/** What a private number of an elliptic curve comes to, empty for one that is none. */
function publicPoint(curve: string, secret: Buffer): Buffer {
  try {
    const half = createECDH(curve);
    half.setPrivateKey(secret);
    return half.getPublicKey();
  } catch {
    return Buffer.alloc(0);
  }
}

/** Whether two keys that are good by themselves are the halves of one. */
export function keysMatch(publicKey: string, privateKey: string): boolean {
  const key = readPrivateKey(privateKey);
  return "pem" in key && key.publicKey === publicKey.trim().split(/\s+/).slice(0, 2).join(" ");
}
