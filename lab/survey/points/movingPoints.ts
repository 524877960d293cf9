/** Open points of MigratePrivateIpAddress: what it refuses, what is seen meanwhile, how long it takes. */

import type { Side } from "../parts.ts";
import type { Passage, Stage } from "../stage.ts";
import type { Attempt } from "../tools.ts";
import { accepted, NotAskable, type Point, type Points, refusedAs } from "./point.ts";

/** Lets a move that was accepted against expectation come to its end. */
async function answerOf(stage: Stage, attempt: Attempt): Promise<{ answer: string; evidence: string[] }> {
  if (attempt.outcome === "accepted") await stage.taskEnd(attempt.response);
  return { answer: attempt.outcome, evidence: [attempt.text] };
}

const seen = ({ looks, tookMs }: Passage): string[] => {
  // One line for each change of what is listed.
  const changes = looks.filter(
    (look, index) => look.source !== looks[index - 1]?.source || look.target !== looks[index - 1]?.target,
  );
  const where = (state: string | null) => state ?? "not listed";
  return [
    ...changes.map(({ atMs, source, target }) => `${atMs} ms: source ${where(source)}, destination ${where(target)}`),
    `${tookMs} ms: AVAILABLE on the destination alone`,
  ];
};

/** Where the address was listed most of the time. */
function listedOn({ looks }: Passage): "source" | "destination" | "both" | "neither" {
  const counts = new Map<ReturnType<typeof listedOn>, number>();
  for (const { source, target } of looks) {
    const place = source !== null ? (target !== null ? "both" : "source") : target !== null ? "destination" : "neither";
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  if (!most) throw new NotAskable("the move was over before it could be seen");
  return most[0];
}

const median = (numbers: number[]): number =>
  [...numbers].sort((one, other) => one - other)[numbers.length >> 1] ?? Number.NaN;

const times = [
  { is: 2500, means: "about what the lab takes for it" },
  { is: 10_000, means: "every failover is down for that long" },
];

const stopped = (mode: "KEEP_CHARGING" | "STOP_CHARGING"): Point<"stoppedSource">["ask"] =>
  async function ask(stage) {
    await stage.stop("a", mode);
    const attempt = await stage.migrate(stage.enis.a, stage.enis.b);
    if (attempt.outcome !== "accepted") return { answer: attempt.outcome, evidence: [attempt.text] };
    const passage = await stage.follow(stage.enis.a, stage.enis.b);
    return { answer: "accepted", evidence: [attempt.text, ...seen(passage)] };
  };

export const movingPoints = {
  wrongSourceCode: {
    question: "What is answered to a move from an ENI that doesn't have the address, while a third one has it?",
    why: "The peer may have moved the VIP first: a node must tell this race from a refusal that is final.",
    how: "VIP on ENI a; MigratePrivateIpAddress from machine b's primary ENI to ENI b.",
    answers: refusedAs("attachmentNotFound", "unsupported"),
    needs: ["machines"],
    ask: async (stage) => {
      const primary = await stage.call("vpc", "DescribeNetworkInterfaces", {
        Filters: [
          { Name: "attachment.instance-id", Values: [stage.machines.b] },
          { Name: "is-primary", Values: ["true"] },
        ],
      });
      const [eni] = primary.NetworkInterfaceSet as { NetworkInterfaceId: string }[];
      return answerOf(stage, await stage.migrate(eni?.NetworkInterfaceId ?? "", stage.enis.b));
    },
  },
  alreadyThereCode: {
    question: "What is answered to a move whose destination has the address already?",
    why: "It is what a node meets that asks twice, after a lost answer. It must come to rest, not to an alarm.",
    how: "VIP on ENI a; MigratePrivateIpAddress from ENI b to ENI a.",
    answers: [...refusedAs("attachmentNotFound", "unsupported"), accepted("it succeeds and changes nothing")],
    needs: ["machines"],
    ask: async (stage) => answerOf(stage, await stage.migrate(stage.enis.b, stage.enis.a)),
  },
  sameEniCode: {
    question: "What is answered when source and destination are the same ENI, which has the address?",
    why: "A node that lost its memory of the holder may ask so; it must not take the answer for a lost permission.",
    how: "VIP on ENI a; MigratePrivateIpAddress from ENI a to ENI a.",
    answers: [...refusedAs("attachmentNotFound", "unsupported"), accepted("it succeeds and changes nothing")],
    needs: ["machines"],
    ask: async (stage) => answerOf(stage, await stage.migrate(stage.enis.a, stage.enis.a)),
  },
  migratingListedOn: {
    question: "On which ENI is an address listed while it moves?",
    why: "A node decides by that list whether the VIP is its own, its peer's, or nobody's and free to be assigned.",
    how: "The VIP moves from ENI a to ENI b; both are described four times a second until the end.",
    answers: [
      { is: "source", means: "on the ENI that it leaves" },
      { is: "destination", means: "on the ENI that it goes to" },
      { is: "both", means: "on both ENIs" },
      { is: "neither", means: "nowhere: it looks unassigned" },
    ],
    needs: ["machines"],
    ask: async (stage) => {
      const passage = await stage.move("a", "b");
      return { answer: listedOn(passage), evidence: seen(passage) };
    },
  },
  migrateMs: {
    question: "How long does a move take?",
    why: "It is the part of every outage that no program can shorten.",
    how: "Three moves with 15 s of rest before each; the middle one of the times until AVAILABLE on the destination.",
    answers: times,
    needs: ["machines"],
    ask: async (stage) => {
      const tookMs: number[] = [];
      let [from, to]: Side[] = ["a", "b"];
      for (let left = 3; left > 0; left -= 1) {
        await stage.rest();
        tookMs.push((await stage.move(from ?? "a", to ?? "b")).tookMs);
        [from, to] = [to, from];
      }
      return { answer: median(tookMs), evidence: [`the three moves took ${tookMs.join(", ")} ms`] };
    },
  },
  migrateBackMs: {
    question: "Does a second move straight after the first take longer?",
    why: "The vendor's guide of 2019 warns of 10 s. It decides how long a VIP that is fought over is down.",
    how: "After 15 s of rest the VIP moves to ENI b and at once back; the time of the second move.",
    answers: times,
    needs: ["machines"],
    ask: async (stage) => {
      await stage.rest();
      const there = await stage.move("a", "b");
      const back = await stage.move("b", "a");
      return { answer: back.tookMs, evidence: [`there ${there.tookMs} ms, back ${back.tookMs} ms`] };
    },
  },
  staleReadMs: {
    question: "How long after the end of a move do looks still show what was before?",
    why: "A node looks when the task has ended: what it sees must not be taken for a move that came to nothing.",
    how: "The VIP moves to ENI b; from the end of the task both are described ten times a second.",
    answers: [
      { is: 0, means: "looks show what is" },
      { is: 400, means: "looks are that old" },
    ],
    needs: ["machines"],
    ask: async (stage) => {
      const { RequestId: TaskId } = await stage.start("a", "b");
      const ended = async () => {
        const { outcome, response } = await stage.attempt("vpc", "DescribeVpcTaskResult", { TaskId });
        return (outcome === "accepted" && response.Status !== "RUNNING") || undefined;
      };
      await stage.until("the end of the task", ended, 300_000, 100);
      const { tookMs, looks } = await stage.follow(stage.enis.a, stage.enis.b, undefined, 100);
      // A round trip is no delay of the cloud's.
      const answer = looks.length === 0 ? 0 : tookMs;
      return { answer, evidence: ["from the end of the task:", ...seen({ tookMs, looks })] };
    },
  },
  unattachedSource: {
    question: "May an address be moved from an ENI that is attached to no machine?",
    why: "While a node is replaced its ENI hangs on nothing; if the VIP can't leave it then, the cluster is down meanwhile.",
    how: "A third ENI, never attached, with a secondary address; MigratePrivateIpAddress to ENI b.",
    answers: [accepted("it may"), ...refusedAs("attachmentNotFound", "unsupported")],
    needs: ["machines"],
    ask: async (stage) => {
      const { id, secondary } = await stage.makeScratch();
      const attempt = await stage.migrate(id, stage.enis.b, secondary);
      if (attempt.outcome !== "accepted") return { answer: attempt.outcome, evidence: [attempt.text] };
      const passage = await stage.follow(id, stage.enis.b, secondary);
      await stage.unassign(stage.enis.b, secondary);
      return { answer: "accepted", evidence: [attempt.text, ...seen(passage)] };
    },
  },
  stoppedSource: {
    question: "May an address be moved from the ENI of a machine that is stopped, and charged on?",
    why: "A dead node is the case that the cluster is for. A hard stop is as near to a crash as the API comes.",
    how: "Machine a is stopped (HARD, KEEP_CHARGING); the VIP moves to ENI b; machine a is started again.",
    answers: [accepted("it may"), ...refusedAs("attachmentNotFound", "unsupported")],
    needs: ["machines"],
    ask: stopped("KEEP_CHARGING"),
  },
  taskUnknownMs: {
    question: "How long after the call is a task's id unknown to DescribeVpcTaskResult?",
    why: "ResourceNotFound for a task that is too young must not be taken for a task that has failed.",
    how: "The VIP moves to ENI b; the task is asked for at once and four times a second.",
    answers: [
      { is: 0, means: "known at once" },
      { is: 1000, means: "unknown for a second" },
    ],
    needs: ["machines"],
    ask: async (stage) => {
      const { clock } = stage.options;
      const response = await stage.start("a", "b");
      const startMs = clock.now();
      const request = { TaskId: response.RequestId };
      const answers: string[] = [];
      const knownMs = await stage.until(
        "the task being known",
        async () => {
          const { outcome, text } = await stage.attempt("vpc", "DescribeVpcTaskResult", request);
          answers.push(`${clock.now() - startMs} ms: ${text}`);
          return outcome === "accepted" ? clock.now() - startMs : undefined;
        },
        60_000,
        250,
      );
      await stage.follow(stage.enis.a, stage.enis.b);
      // A round trip is no delay of the cloud's.
      return { answer: answers.length === 1 ? 0 : knownMs, evidence: answers.slice(-4) };
    },
  },
  taskKnownMs: {
    question: "How long is a task's id known after its end?",
    why: "A node asks for some seconds. A task that is forgotten earlier must be judged by the ENIs alone.",
    how: "The VIP moves to ENI b; the finished task is asked for every 5 s, for as long as --task-watch says.",
    answers: [
      { is: null, means: "known for as long as it was asked for" },
      { is: 20_000, means: "forgotten after 20 s" },
    ],
    needs: ["machines"],
    ask: async (stage) => {
      const { clock, taskWatchMs } = stage.options;
      const response = await stage.start("a", "b");
      await stage.taskEnd(response);
      const endMs = clock.now();
      const request = { TaskId: response.RequestId };
      while (clock.now() - endMs < taskWatchMs) {
        await clock.sleep(5000);
        const { outcome, text } = await stage.attempt("vpc", "DescribeVpcTaskResult", request);
        const agoMs = clock.now() - endMs;
        if (outcome !== "accepted") return { answer: agoMs, evidence: [`${agoMs} ms after its end: ${text}`] };
      }
      return { answer: null, evidence: [`known throughout the ${taskWatchMs / 1000} s after its end`] };
    },
  },
} satisfies Partial<Points>;

/** Asked near the end: a machine that was stopped without charge may find no host when it is started again. */
export const stopChargingPoint = {
  stopChargingSource: {
    question: "May an address be moved from the ENI of a machine that was stopped with STOP_CHARGING?",
    why: "Someone who saves money on a standby that is stopped should know whether the VIP can leave it.",
    how: "As above, with STOP_CHARGING.",
    answers: [accepted("it may"), ...refusedAs("attachmentNotFound", "unsupported")],
    needs: ["machines"],
    ask: stopped("STOP_CHARGING"),
  },
} satisfies Partial<Points>;
