/** A machine through which SSH goes to the nodes. */
import * as z from "zod";
import { contains, parseCidr } from "../render/ipv4.ts";
import type { Bastion } from "../render/model.ts";
import { privateBlocks } from "./checks.ts";
import { checked, integer, privateKey, word } from "./fields.ts";
import { hostKeyProblem } from "./sshKeys.ts";

export const bastionAllowed = "host, a name or an IPv4 address, with user, port, hostKey and privateKey if you like";

const fields = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/)
    .optional(),
  user: word.optional(),
  port: integer(1, 65535).optional(),
  hostKey: checked(hostKeyProblem).optional(),
  privateKey: privateKey.optional(),
});
type Given = z.output<typeof fields>;

/** {} is no bastion at all: Pulumi.yaml needs a default that can be written down. */
export const bastionSchema = fields.superRefine((given, context) => {
  if (Object.keys(given).length === 0 || given.host !== undefined) return;
  context.addIssue({ code: "custom", path: ["host"], message: "a name or an IPv4 address" });
});

/** The bastion with its defaults, null without one. */
export const bastionOf = ({ host, user = "root", port = 22, hostKey, privateKey }: Given): Bastion | null =>
  host === undefined ? null : { host, user, port, hostKey: hostKey === "any" ? undefined : hostKey, privateKey };

/** From where a node with a public address sees the bastion; null where only the user can know that. */
export function publicCidrOf({ host }: { host?: string | undefined } = {}): string | null {
  const block = parseCidr(`${host}/32`);
  return block === null || privateBlocks.some((text) => contains(parseCidr(text)!, block)) ? null : `${host}/32`;
}
