/** `npm run ha -- status --all`: a line for each pair of all stacks of the backend, the worst first. */
import { Progress } from "../../../terminal/progress.ts";
import { fleetScreen, worstFirst } from "../pair/fleet.ts";
import { exitCodes, type View } from "../pair/report.ts";
import { someAtOnce } from "../reach/someAtOnce.ts";
import type { FoundPair, Target } from "../reach/target.ts";
import { look, statusJson } from "./status.ts";

/** Pairs that are asked at a time: each is two connections, and one that is dead takes its whole deadline. */
const atOnce = 16;

type Seen = { title: string; vip: string; target: Target; view: View } | { title: string; problem: string };

/** Gives the exit code of the worst, as `status` has it. */
export async function statusAll(found: FoundPair[], { json }: { json: boolean }): Promise<number> {
  const progress = new Progress(`${found.length} pairs`);
  let open = found.length;
  const all = await someAtOnce(atOnce, found, async ({ title, target, problem }): Promise<Seen> => {
    const seen = target ? { title, vip: target.vip, target, view: await look(target) } : { title, problem };
    open -= 1;
    progress.saw(`${open} have not answered`);
    return seen;
  }).finally(() => progress.end());
  const pairs = worstFirst(all);
  const verdict = pairs[0]?.verdict ?? "unknown";
  if (json) {
    const whole = pairs.map(({ title, why, seen }) =>
      "view" in seen
        ? statusJson(seen.target, seen.view)
        : { schemaVersion: 1, target: title, verdict: "unknown", why },
    );
    console.log(JSON.stringify({ schemaVersion: 1, verdict, pairs: whole }, null, 2));
  } else {
    console.log(fleetScreen(pairs));
  }
  return exitCodes[verdict];
}
