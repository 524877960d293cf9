/** The key with which one logs in on the machines: the stack's own, or one of the user's that the cloud must not know yet. */
import { createPublicKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { publicLine } from "../../render/sshWire.ts";
import type { Problem } from "../lookups/refusal.ts";
import { keyPairName, withoutComment } from "../names.ts";
import { settled } from "../settled.ts";

export interface OwnKey {
  /** Type and body, as a .pub file has them. */
  publicKey: string;
  /** PEM, secret. */
  privateKey: string;
}

/** What ssh-keygen makes where nothing is asked for; the cloud's import is documented for no other type than RSA. */
const modulusBits = 3072;

/**
 * A key that the stack makes once and keeps: the engine returns a Stash's first value for as long as the stack lives, so what
 * a later run offers is thrown away. Where a stack has lost it, another is made, and the machines are replaced with it.
 *
 * Not by the cloud's CreateKeyPair: it tells the private half once, and the provider keeps it in the key pair's state alone.
 * A key pair that is deleted in the console is made anew there with another private half, which no machine knows; and whatever
 * DescribeKeyPairs says of PrivateKey, also an empty text, takes the place of the real one (resource_tc_key_pair.go, Read).
 */
export async function ownKey(name: string): Promise<OwnKey> {
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: modulusBits });
  const privateKey = pair.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  const publicKey = publicLine(createPublicKey(pair.privateKey)) ?? "";
  const fresh: OwnKey = { publicKey, privateKey };
  const stash = new pulumi.Stash(
    name,
    { input: pulumi.secret(fresh) },
    { ignoreChanges: ["input"], additionalSecretOutputs: ["output"] },
  );
  return ((await settled(stash.output)) as OwnKey | undefined) ?? fresh;
}

/**
 * What is wrong where the account has the key under another name than this pair's: the cloud takes each public key once
 * (ImportKeyPair: InvalidPublicKey.Duplicate), and says so in the middle of an update.
 */
export async function keyProblems(pair: string, publicKey: string, options?: pulumi.InvokeOptions): Promise<Problem[]> {
  const { keyPairLists } = await tencentcloud.getKeyPairs({}, options);
  if (keyPairLists.some(({ keyName }) => keyName === keyPairName(pair, publicKey))) return [];
  const other = keyPairLists.find((item) => withoutComment(item.publicKey ?? "") === withoutComment(publicKey));
  if (other === undefined) return [];
  const text =
    `the account has this key already, as the key pair ${other.keyName} (${other.keyId}), and takes each once; ` +
    `allowed: keyPairId ${other.keyId} instead of sshPublicKey, another key, or neither: then the stack makes a key of its own`;
  return [{ key: "sshPublicKey", text }];
}
