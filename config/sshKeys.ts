/** What can be said about SSH keys without using them. Each function gives null, or the reason why the key won't do. */

/** A line of a .pub file: type, key, perhaps a comment. */
export function publicKeyProblem(text: string): string | null {
  return /^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,}={0,3}( .*)?$/.test(text.trim())
    ? null
    : 'one line of a .pub file, for example "ssh-rsa AAAA… me@host"';
}

/** RSA host keys can't be pinned: the provider's SSH client offers only `ssh-rsa` (SHA-1) for them, which sshd refuses. */
export function hostKeyProblem(text: string): string | null {
  return /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,}={0,3}( .*)?$/.test(text.trim())
    ? null
    : "the line of the node's /etc/ssh/ssh_host_ed25519_key.pub (ed25519 or ecdsa; an RSA host key can't be pinned)";
}

/** Content of an OpenSSH private key file, null for other formats. */
function opensshBody(text: string): Buffer | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (body === undefined) return null;
  const bytes = Buffer.from(body.replaceAll(/\s/g, ""), "base64");
  return bytes.subarray(0, 15).toString("latin1") === "openssh-key-v1\0" ? bytes : null;
}

/** Reads the length-prefixed fields at the start of an OpenSSH key: cipher, kdf, kdf options, number of keys, public key. */
function opensshFields(bytes: Buffer): { cipher: string; publicKey: Buffer } | null {
  let at = 15;
  const field = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  try {
    const cipher = field().toString("latin1");
    field();
    field();
    at += 4;
    return { cipher, publicKey: field() };
  } catch {
    return null;
  }
}

/** A private key without a passphrase: nobody can type one in the middle of an update. */
export function privateKeyProblem(text: string): string | null {
  const how = "the content of a private key file without a passphrase, beginning with -----BEGIN";
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+-----END [A-Z ]*PRIVATE KEY-----\s*$/.test(text.trim())) return how;
  const body = opensshBody(text);
  const cipher = body ? opensshFields(body)?.cipher : undefined;
  const encrypted = /ENCRYPTED/.test(text) || (cipher !== undefined && cipher !== "none");
  return encrypted ? `${how}; this one has a passphrase` : null;
}

/** Whether two keys are a pair; true when that can't be told (only OpenSSH files carry their public half in clear). */
export function keysMatch(publicKey: string, privateKey: string): boolean {
  const body = opensshBody(privateKey);
  const half = body ? opensshFields(body)?.publicKey : undefined;
  return half === undefined || half.toString("base64") === publicKey.trim().split(/\s+/)[1];
}
