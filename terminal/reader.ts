/** Whoever reads what a program prints may have seen enough: `npm run ha -- switchover | head`. */

/**
 * From now on a closed pipe ends nothing: what is not finished is carried on without a word. A command that only reads out
 * ends by a listener of its own. Call it before anything is printed.
 */
export function goesOnUnread(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
