/** `npm run ha -- switchover --wait`: until the connections have ended that the old node keeps, or their time is over. */
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeName } from "../../../render/model.ts";
import { Progress } from "../../../terminal/progress.ts";
import { haCommand } from "../../../terminal/typed.ts";
import { keptBy } from "../pair/kept.ts";
import type { Target } from "../reach/target.ts";
import { look } from "./status.ts";
import { done, incomplete, type Tell, unknown } from "./told.ts";

const everyMs = 1000;
/** Beyond what the node has said: it ends by itself, and somebody has to be reached to say so. */
const moreS = 30;

/**
 * Gives the exit code.
 * @param how.resetBefore how many connections the node had reset before the switch
 */
export async function waitForKept(
  target: Target,
  from: NodeName,
  { resetBefore, tell }: { resetBefore: number; tell: Tell },
): Promise<number> {
  const progress = new Progress(`the connections of ${from} to end`);
  let deadline = Date.now() / 1000 + moreS;
  try {
    for (;;) {
      const view = await look(target);
      const now = keptBy(view, from, resetBefore);
      if (now.is !== "kept") {
        tell(now.text);
        return now.is === "over" ? done : incomplete;
      }
      if (now.leftS !== null) deadline = view.at + now.leftS + moreS;
      if (view.at > deadline) {
        tell(
          `The result is unknown: ${now.text}. Their time is over in any case; ${haCommand("status")} tells how the pair is.`,
        );
        return unknown;
      }
      progress.saw(now.text);
      await sleep(everyMs);
    }
  } finally {
    progress.end();
  }
}
