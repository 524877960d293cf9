/** Public keys whose private halves are thrown away at once: nobody is to log in anywhere. */
import { generateKeyPairSync } from "node:crypto";

function openSshLine(type: string, fields: Buffer[]): string {
  const blob = [Buffer.from(type), ...fields].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `${type} ${Buffer.concat(blob).toString("base64")}`;
}

const bytes = (text: string | undefined) => Buffer.from(text ?? "", "base64url");

export function rsaPublicKey(): string {
  const { e, n } = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
  // A leading zero keeps the modulus positive.
  return openSshLine("ssh-rsa", [bytes(e), Buffer.concat([Buffer.from([0]), bytes(n)])]);
}

export function ed25519PublicKey(): string {
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return openSshLine("ssh-ed25519", [bytes(x)]);
}
