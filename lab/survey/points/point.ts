/** One open point of the cloud: a question, and how it is put. */
import type { Behaviour } from "../../cloud/account/behaviour/switches.ts";
import type { Need, Stage } from "../stage.ts";

export interface Finding {
  /** A value of the switch of the same name; something else when the cloud surprises. */
  answer: unknown;
  /** What was seen, for a reader. */
  evidence: string[];
}

/** Its name is the switch of the local cloud that plays the answer. */
export interface Point<K extends keyof Behaviour = keyof Behaviour> {
  question: string;
  /** What of this project depends on it. */
  why: string;
  /** How it is asked. */
  how: string;
  /** Answers that are thought possible. A code or a time may be any other. */
  answers: { is: Behaviour[K]; means: string }[];
  /** What has to be there, made before it is asked. */
  needs: Need[];
  ask(stage: Stage): Promise<Finding>;
}

/** Every open point, by name. */
export type Points = { [K in keyof Behaviour]: Point<K> };

/** The question can't be put to this cloud, because of what another answer was. */
export class NotAskable extends Error {}

const codes = {
  attachmentNotFound: {
    is: "UnauthorizedOperation.AttachmentNotFound",
    means: "refused: the address is not bound there",
  },
  unsupported: { is: "UnsupportedOperation", means: "refused without a reason" },
  invalidState: { is: "UnsupportedOperation.InvalidState", means: "refused: the ENI is busy" },
  mutex: { is: "UnsupportedOperation.MutexOperationTaskRunning", means: "refused: a task is running on it" },
} as const;
export const refusedAs = (...names: (keyof typeof codes)[]) => names.map((name) => codes[name]);
export const accepted = (means: string) => ({ is: "accepted", means }) as const;
