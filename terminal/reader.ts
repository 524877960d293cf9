/** Whoever reads what a program prints may have seen enough: `npm run ha -- switchover | head`. */
import { messageOf } from "./problem.ts";

/**
 * From now on a closed pipe ends nothing: what is not finished is carried on without a word, and where the output goes to a
 * disk that is full with one: then 3 is the exit code of what went well. A command that only reads out ends by a listener of
 * its own. Call it before anything is printed.
 */
export function goesOnUnread(): void {
  let told = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE" || told) return;
      told = true;
      process.once("exit", (code) => {
        if (code === 0) process.exitCode = 3;
      });
      console.error(`What this prints can't be written: ${messageOf(error)}`);
    });
  }
}
