/** A file that this command makes, and that only its user can read. */
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from "node:fs";
import { messageOf } from "../../../terminal/problem.ts";
import { Refusal } from "../refusal.ts";
import { named } from "./target.ts";

export class NewFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #code: number;
  #isOpen = true;

  /** @throws Refusal with this code where something is there already, or none can be made */
  constructor(name: string, code: number) {
    this.#path = named(name);
    try {
      this.#descriptor = openSync(this.#path, "wx", 0o600);
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
      throw new Refusal(isThere ? `${name} is there already, and was left as it is.` : messageOf(error), code);
    }
    this.#code = code;
  }

  /** @throws Refusal where it can't be; then it is gone again */
  write(content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
      // What a file system takes first and has no room for shows here.
      fsyncSync(this.#descriptor);
    } catch (error) {
      this.forget();
      throw new Refusal(messageOf(error, this.#path), this.#code);
    }
    this.#close();
  }

  /** As if it had not been made. */
  forget(): void {
    if (!this.#isOpen) return;
    this.#close();
    unlinkSync(this.#path);
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#descriptor);
  }
}
