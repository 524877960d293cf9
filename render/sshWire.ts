/** Public keys of SSH as bytes (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4): fields with a length of four bytes before each. */
import type { KeyObject } from "node:crypto";

const lengthBytes = 4;

/** The fields of a blob, or the first of them where it goes on otherwise; null when one reaches over its end. */
export function fieldsOf(blob: Buffer, most = Number.POSITIVE_INFINITY): Buffer[] | null {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length && fields.length < most; ) {
    if (at + lengthBytes > blob.length) return null;
    const start = at + lengthBytes;
    at = start + blob.readUInt32BE(at);
    if (at > blob.length) return null;
    fields.push(blob.subarray(start, at));
  }
  return fields;
}

/** A blob of these fields. */
export const blobOf = (fields: (Buffer | string)[]): Buffer =>
  Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(field);
      const length = Buffer.alloc(lengthBytes);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );

/** A positive number: a first bit that is set would make it a negative one. */
const numberOf = (bytes: Buffer): Buffer => ((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);

const curves: Record<string, string> = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" };

/** A key's public half as the two words that a .pub file has, without a comment; null for a kind that SSH does not use. */
export function publicLine(key: KeyObject): string | null {
  const { kty, crv = "", n = "", e = "", x = "", y = "" } = key.export({ format: "jwk" });
  const bytes = (text: string) => Buffer.from(text, "base64url");
  const line = (type: string, ...fields: (Buffer | string)[]) =>
    `${type} ${blobOf([type, ...fields]).toString("base64")}`;
  if (kty === "RSA") return line("ssh-rsa", numberOf(bytes(e)), numberOf(bytes(n)));
  if (crv === "Ed25519") return line("ssh-ed25519", bytes(x));
  const curve = curves[crv];
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
  return curve === undefined ? null : line(`ecdsa-sha2-${curve}`, curve, point);
}
