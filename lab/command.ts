/** An error that the user can act on: the message is all of it. */
export class UserError extends Error {}

/**
 * Runs a command to its exit code. What is thrown is printed as a sentence, without a stack, which LAB_DEBUG=1 adds.
 * Options that parseArgs does not know are such errors too.
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const stack = process.env.LAB_DEBUG === "1" && error instanceof Error ? `\n${error.stack}` : "";
    console.error(`${error instanceof Error ? error.message : String(error)}${stack}`);
    process.exitCode = 1;
  }
}
