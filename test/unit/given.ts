/** Settings that the unit tests start from. */
import { generateKeyPairSync } from "node:crypto";

const field = (data: Buffer | string): Buffer => {
  const bytes = Buffer.from(data);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

export interface SshKey {
  /** Line of a .pub file. */
  publicKey: string;
  /** PKCS#8 PEM. */
  privateKey: string;
  /** The private key in OpenSSH's own format, as far as its clear part goes, with a cipher of one's choice. */
  openssh(cipher: string): string;
}

/** A new key: none is kept in the repository. */
export function sshKey(): SshKey {
  const pair = generateKeyPairSync("ed25519");
  const { x = "" } = pair.publicKey.export({ format: "jwk" });
  const half = Buffer.concat([field("ssh-ed25519"), field(Buffer.from(x, "base64url"))]);
  return {
    publicKey: `ssh-ed25519 ${half.toString("base64")} test`,
    privateKey: pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    openssh: (cipher) => {
      const count = Buffer.from([0, 0, 0, 1]);
      const body = Buffer.concat([
        Buffer.from("openssh-key-v1\0"),
        field(cipher),
        field("none"),
        field(""),
        count,
        field(half),
        field("rest"),
      ]);
      return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
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
