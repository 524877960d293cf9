/** How a machine that the cloud has just made is told from whatever else may answer its first login. */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { NodeName } from "../../render/model.ts";

/**
 * A secret that the machine gets from the cloud, in its user data, and that who stands in between does not know. Not the host
 * key itself: whatever runs on the machine may read the user data, and could play the machine from then on; and an image
 * without cloud-init would never show it. Made of the key with which one logs in, so there is nothing more to keep.
 */
export const secretFor = (privateKey: string, pair: string, node: NodeName): string =>
  Buffer.from(hkdfSync("sha256", privateKey, "", `first login of ${pair}-${node}`, 32)).toString("hex");

/** RunInstances takes so much, as base64 (document/product/213/15730). */
const userDataLimitBytes = 16 * 1024;

/** Interpreters that take a `#` line for a comment. */
const scripted =
  /^#! *\/(?:usr\/)?(?:local\/)?s?bin\/(?:env )?(?:sh|dash|bash|ash|ksh|zsh|python[\d.]*|perl|ruby)\b.*\n/;

const base64LengthOf = (text: string): number => 4 * Math.ceil(Buffer.byteLength(text) / 3);

/**
 * The user data with the secret in it, as a comment; null where it has no place for one (a MIME archive, a template, a script
 * of another kind) or is as large as the cloud takes.
 */
export function withSecret(userData: string | undefined, secret: string): string | null {
  const line = `# first login: ${secret}\n`;
  if (userData === undefined) return `#!/bin/sh\n${line}`;
  const first = scripted.exec(userData)?.[0] ?? /^#cloud-config[ \t]*\n/.exec(userData)?.[0];
  if (first === undefined || base64LengthOf(userData + line) > userDataLimitBytes) return null;
  return first + line + userData.slice(first.length);
}

/**
 * Shell: `proof KEY` prints what only a machine with the secret can say of its host key, nothing without python3 or secret.
 * The metadata service has the user data for every image, and is not asked through a proxy.
 */
export const proofProgram = `proof() {
  python3 -E - "$1" <<'END' 2>/dev/null
import hmac, re, sys, urllib.request
metadata = urllib.request.build_opener(urllib.request.ProxyHandler({}))
data = metadata.open("http://metadata.tencentyun.com/latest/user-data", timeout=5).read(65536)
secret = re.search(rb"^# first login: ([0-9a-f]{64})$", data, re.M).group(1)
print(hmac.new(secret, sys.argv[1].encode(), "sha256").hexdigest())
END
}
`;

/** Whether the proof is the one of the machine with this secret. */
export function proves(proof: string | null, secret: string, hostKey: string): boolean {
  const right = createHmac("sha256", secret).update(hostKey).digest();
  const came = Buffer.from(proof ?? "", "hex");
  return came.length === right.length && timingSafeEqual(came, right);
}
