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
/** For as long as this nothing is kept before that is believed: a service that starts, or a login that fails, is none. */
const lostForS = 6;

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
  let lostSince: number | null = null;
  try {
    for (;;) {
      const view = await look(target);
      const now = keptBy(view, from, resetBefore);
      lostSince = now.is === "lost" ? (lostSince ?? view.at) : null;
      if (now.is === "over" || (lostSince !== null && view.at - lostSince >= lostForS)) {
        tell(now.text);
        return now.is === "over" ? done : incomplete;
      }
      if (now.is === "kept" && now.leftS !== null) deadline = view.at + now.leftS + moreS;
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
