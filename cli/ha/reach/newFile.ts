/** A file that this command makes, and that only its user can read. */
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { Refusal } from "../refusal.ts";
import { named } from "./target.ts";

export class NewFile {
  readonly #path: string;
  readonly #descriptor: number;

  /** @throws Refusal with this code where something is there already, or none can be made */
  constructor(name: string, code: number) {
    this.#path = named(name);
    try {
      this.#descriptor = openSync(this.#path, "wx", 0o600);
    } catch (error) {
      const { code: why, message } = error as NodeJS.ErrnoException;
      throw new Refusal(why === "EEXIST" ? `${name} is there already, and was left as it is.` : message, code);
    }
  }

  write(content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    closeSync(this.#descriptor);
  }

  /** As if it had not been made. */
  forget(): void {
    closeSync(this.#descriptor);
    unlinkSync(this.#path);
  }
}
