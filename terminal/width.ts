/** How much room there is. */

/** Characters in a line of this terminal; Infinity where the output is a file or a pipe, whose lines are left whole. */
export const screenWidth = (): number =>
  process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;

/** Lines of this terminal; Infinity where the output is a file or a pipe. */
export const screenHeight = (): number => (process.stdout.isTTY ? process.stdout.rows || 24 : Number.POSITIVE_INFINITY);
