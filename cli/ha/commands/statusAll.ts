/** `npm run ha -- status --all`: a line for each pair of all stacks of the backend, the worst first. */
import { Progress } from "../../../terminal/progress.ts";
import { fleetScreen, type PairSeen, worstFirst } from "../pair/fleet.ts";
import { exitCodes, type View } from "../pair/report.ts";
import { someAtOnce } from "../reach/someAtOnce.ts";
import type { FoundPair } from "../reach/target.ts";
import { look, statusJson } from "./status.ts";

/** Pairs that are asked at a time: each is two connections, and one that is dead takes its whole deadline. */
const atOnce = 16;

/** Gives the exit code of the worst, as `status` has it. */
export async function statusAll(found: FoundPair[], { json }: { json: boolean }): Promise<number> {
  const progress = new Progress(`${found.length} pairs`);
  let open = found.length;
  const views = await someAtOnce(atOnce, found, async ({ target }): Promise<View | null> => {
    const view = target && (await look(target));
    open -= 1;
    progress.saw(`${open} have not answered`);
    return view;
  }).finally(() => progress.end());
  const seen = found.map(({ title, target, problem }, n): PairSeen => {
    const view = views[n];
    return target && view ? { title, vip: target.vip, view } : { title, problem: problem ?? "" };
  });
  const pairs = worstFirst(seen);
  const verdict = pairs[0]?.verdict ?? "unknown";
  if (json) {
    const whole = pairs.map(({ title, why }) => {
      const n = found.findIndex((one) => one.title === title);
      const [target, view] = [found[n]?.target, views[n]];
      return target && view ? statusJson(target, view) : { schemaVersion: 1, target: title, verdict: "unknown", why };
    });
    console.log(JSON.stringify({ schemaVersion: 1, verdict, pairs: whole }, null, 2));
  } else {
    console.log(fleetScreen(pairs));
  }
  return exitCodes[verdict];
}
