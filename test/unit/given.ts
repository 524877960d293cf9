/** Settings that the unit tests start from. */
import { generateKeyPairSync } from "node:crypto";
import { blobOf } from "../../render/sshWire.ts";

export interface SshKey {
  /** Line of a .pub file. */
  publicKey: string;
  /** PKCS#8 PEM. */
  privateKey: string;
  /** The private key in OpenSSH's own format; of another cipher than `none` in name only. */
  openssh(cipher: string): string;
}

/** A new key: none is kept in the repository. */
export function sshKey(): SshKey {
  const pair = generateKeyPairSync("ed25519");
  const { x = "", d = "" } = pair.privateKey.export({ format: "jwk" });
  const [half, secret] = [Buffer.from(x, "base64url"), Buffer.from(d, "base64url")];
  const blob = blobOf(["ssh-ed25519", half]);
  return {
    publicKey: `ssh-ed25519 ${blob.toString("base64")} test`,
    privateKey: pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    openssh: (cipher) => {
      const fields = blobOf(["ssh-ed25519", half, Buffer.concat([secret, half]), "test"]);
      // A check number twice, the key, padding to blocks of 8.
      const inner = Buffer.concat([Buffer.alloc(8, 7), fields, Buffer.from([1, 2, 3, 4, 5, 6, 7])]);
      const body = Buffer.concat([
        Buffer.from("openssh-key-v1\0"),
        blobOf([cipher, "none", ""]),
        Buffer.from([0, 0, 0, 1]),
        blobOf([blob, inner.subarray(0, inner.length - (inner.length % 8))]),
      ]);
      return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString("base64").replaceAll(/.{1,70}/g, "$&\n")}-----END OPENSSH PRIVATE KEY-----\n`;
    },
  };
}

export const key = sshKey();

/** The least that a stack has to set. */
export const least: Record<string, string> = {
  "tencentcloud:region": "ap-guangzhou",
  zone: "ap-guangzhou-3",
  sshCidrs: '["203.0.113.7/32"]',
  sshPublicKey: key.publicKey,
  sshPrivateKey: key.privateKey,
};

/** The least that a stack on two machines has to set that were there before it. */
export const existing: Record<string, string> = {
  "tencentcloud:region": "ap-guangzhou",
  sshPrivateKey: key.privateKey,
  vip: "10.8.4.9",
  instanceIds: '{"a":"ins-0000000a","b":"ins-0000000b"}',
  nodeRole: "web",
};
