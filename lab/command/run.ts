import { messageOf } from "../../terminal/problem.ts";
import { goesOnUnread } from "../../terminal/reader.ts";

/**
 * Runs a command to its exit code. What is thrown, options that parseArgs does not know too, is printed as a sentence;
 * LAB_DEBUG=1 adds the stack.
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  goesOnUnread();
  try {
    process.exitCode = await main();
  } catch (error) {
    const stack = process.env.LAB_DEBUG === "1" && error instanceof Error ? `\n${error.stack}` : "";
    console.error(`${messageOf(error)}${stack}`);
    process.exitCode = 1;
  }
}
