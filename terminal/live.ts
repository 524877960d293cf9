/** A screen that renews itself, on a terminal: who scrolls back finds what was there before, and the last state of it. */
import type { WriteStream } from "node:tty";

type Screen = Pick<WriteStream, "write">;

export class Live {
  readonly #stream: Screen;

  constructor(stream: Screen = process.stdout) {
    this.#stream = stream;
    // What was there scrolls away, and the cursor would jump about.
    stream.write("\x1b[?25l\x1b[2J");
  }

  /** In place of what is there. @param lines no more and no longer ones than the terminal has room for */
  draw(lines: string[]): void {
    // Line by line over the old ones: a screen that is cleared first flickers. A line of wide characters is longer than it
    // counts, and is cut by the terminal: wrapped, it would push the others out.
    this.#stream.write(`\x1b[?7l\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\n")}\x1b[J\x1b[?7h`);
  }

  end(): void {
    this.#stream.write("\n\x1b[?25h");
  }
}
