/** Questions to whoever sits here. */

/** Whether anybody can be asked. */
export const someoneIsHere = (): boolean => process.stdin.isTTY === true;

type Streams = { input?: NodeJS.ReadableStream; output?: NodeJS.WritableStream };

/** A question that takes y or n. Whoever only presses Enter, or Ctrl-C, has said no. */
export async function agreed(message: string, streams: Streams = {}): Promise<boolean> {
  // Loaded here alone: most commands ask nothing.
  const { default: confirm } = await import("@inquirer/confirm");
  try {
    return await confirm({ message, default: false }, streams);
  } catch (error) {
    if (error instanceof Error && error.name === "ExitPromptError") return false;
    throw error;
  }
}
