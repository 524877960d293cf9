import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/**
 * Names in the cloud. Roles, policies and keys are unique in an account, so every name carries the pair's, which is
 * `<project>-<stack>`; two stacks come up side by side.
 */

/**
 * Of the kinds of things that carry the pair's name, VPCs, subnets, security groups, ENIs, placement groups and a CVM's name
 * when it is changed take 60 characters (CreateVpc, CreateNetworkInterface, ModifyInstancesAttribute ...), of which `-a` and
 * `-b` need two; EIPs, roles and policies take 128, a security group's description 100.
 */
const pairLengthLimit = 52;

/**
 * The pair's name for a project and stack.
 * @throws RunError when it could not be part of a host name or of the cloud's names.
 */
export function pairName(project: string, stack: string): string {
  const pair = `${project}-${stack}`;
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(pair) || pair.length > pairLengthLimit) {
    throw new pulumi.RunError(
      `project and stack: "${pair}" can't be part of host names and names in the cloud; allowed: letters, digits and ` +
        `hyphens, together at most ${pairLengthLimit} characters. Name the stack differently: pulumi stack rename <name>`,
    );
  }
  return pair;
}

export const hashOf = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

/**
 * Name of a key pair: at most 25 letters, digits and underscores. It carries a fingerprint of the stack (two stacks whose
 * names begin alike) and one of the key (a new key gets a new name, so that it can be made before the old one goes).
 */
export const keyPairName = (pair: string, publicKey: string): string =>
  `${pair.replaceAll("-", "_").slice(0, 7)}_${hashOf(pair, 8)}_${hashOf(withoutComment(publicKey), 8)}`;

/** A public key's type and body: another comment is no other key. */
export const withoutComment = (publicKey: string): string => publicKey.trim().split(/\s+/).slice(0, 2).join(" ");
