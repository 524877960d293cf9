/** Key pairs of the lab's own: made once, kept in a file that only root reads, its public half beside it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

export interface KeyPair {
  publicKey: string;
  privateKey: string;
}

/** The key pair in `file` and `file`.pub, RSA; made if it is not there. */
export function keyPairIn(file: string, comment: string): KeyPair {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const made = spawnSync("ssh-keygen", ["-q", "-t", "rsa", "-N", "", "-C", comment, "-f", file]);
    if (made.status !== 0) throw new Error(`ssh-keygen could not make ${file}: ${made.stderr}`);
  }
  return { publicKey: readFileSync(`${file}.pub`, "utf8").trim(), privateKey: readFileSync(file, "utf8") };
}
