/** Questions to whoever sits here. */
import { createInterface } from "node:readline/promises";

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

/** A question that takes words, for what nobody should say yes to by habit. Ctrl-C, or an end of the input, is none. */
export async function words(message: string, { input = process.stdin, output = process.stdout }: Streams = {}) {
  const asking = createInterface({ input, output });
  const gone = new AbortController();
  asking.once("close", () => gone.abort());
  try {
    return (await asking.question(`${message} `, { signal: gone.signal })).trim();
  } catch {
    return "";
  } finally {
    asking.close();
  }
}
