/** What can be made to go wrong. Everything is off (the usual behaviour of the cloud) until it is set. */
import { type Behaviour, usualBehaviour } from "./switches.ts";

export interface FaultSettings extends Behaviour {
  /** The API: `true` resets every connection, `"hang"` takes requests and never answers. */
  apiDown: boolean | "hang";
  /** Added to every answer. */
  latencyMs: number;
  /** Calls refused with RequestLimitExceeded: this share of them, 0-100. */
  throttlePercent: number;
  /** ... and these next ones, whatever the share. */
  throttleNext: number;
  /** Codes for the next call of an action, used up one by one. `"*"` stands for any action. */
  errorOnce: { action: string; code: string; message?: string }[];
  /** Actions whose next call is carried out, while its answer never arrives. Used up one by one. */
  replyLost: string[];
  /** Actions whose next task ends as FAILED without effect. Used up one by one. */
  failTask: string[];
  /** Actions whose next task runs until these faults are undone, and then ends as FAILED. Used up one by one. */
  stuckTask: string[];
  /** Instance types that are sold out, in every zone. */
  soldOut: string[];
  /** The metadata service: `true` resets connections, `"hang"` never answers. */
  metadataDown: boolean | "hang";
  /** Set to true: every role credential handed out so far stops working. New ones work. */
  credentialsExpired: boolean;
  /** The cloud's clock is ahead by this (behind, if negative) of the caller's: seen in every time that it checks or tells. */
  clockSkewMs: number;
}

const usual = (): FaultSettings => ({
  ...usualBehaviour,
  apiDown: false,
  latencyMs: 0,
  throttlePercent: 0,
  throttleNext: 0,
  errorOnce: [],
  replyLost: [],
  failTask: [],
  stuckTask: [],
  soldOut: [],
  metadataDown: false,
  credentialsExpired: false,
  clockSkewMs: 0,
});

export interface CloudFaults {
  /** Changes what is named, leaves the rest. */
  set(changes: Partial<FaultSettings>): void;
  /** Back to the usual behaviour, or to the one that this cloud was given. */
  reset(): void;
  /** Gives this cloud answers of the real one: no fault, so they outlive a reset. */
  behave(changes: Partial<Behaviour>): void;
  readonly settings: Readonly<FaultSettings>;
}

function takeFrom<T>(list: T[], fits: (entry: T) => boolean): T | undefined {
  const index = list.findIndex(fits);
  return index < 0 ? undefined : list.splice(index, 1)[0];
}

/** The cloud's own side of the faults: asking for one that works once uses it up. */
export class Faults implements CloudFaults {
  settings = usual();
  #behaviour: Partial<Behaviour> = {};
  /** Stuck tasks, each by what lets it go on. */
  readonly #stuck: (() => void)[] = [];
  readonly #expireCredentials: () => void;
  readonly #random: () => number;

  constructor(expireCredentials: () => void, random: () => number = Math.random) {
    this.#expireCredentials = expireCredentials;
    this.#random = random;
  }

  set(changes: Partial<FaultSettings>): void {
    this.settings = { ...this.settings, ...structuredClone(changes) };
    if (changes.credentialsExpired) this.#expireCredentials();
  }

  reset(): void {
    this.settings = { ...usual(), ...this.#behaviour };
    for (const goOn of this.#stuck.splice(0)) goOn();
  }

  behave(changes: Partial<Behaviour>): void {
    this.#behaviour = { ...this.#behaviour, ...changes };
    this.settings = { ...this.settings, ...changes };
  }

  takeThrottle(): boolean {
    if (this.settings.throttleNext > 0) {
      this.settings.throttleNext -= 1;
      return true;
    }
    return this.#random() * 100 < this.settings.throttlePercent;
  }

  takeError(action: string): { code: string; message?: string } | undefined {
    return takeFrom(this.settings.errorOnce, (entry) => entry.action === action || entry.action === "*");
  }

  takeLostReply(action: string): boolean {
    return takeFrom(this.settings.replyLost, (entry) => entry === action || entry === "*") !== undefined;
  }

  takeFailedTask(action: string): boolean {
    return takeFrom(this.settings.failTask, (entry) => entry === action || entry === "*") !== undefined;
  }

  /** For a task that gets stuck: resolves once it may go on. */
  takeStuckTask(action: string): Promise<void> | undefined {
    if (takeFrom(this.settings.stuckTask, (entry) => entry === action || entry === "*") === undefined) return undefined;
    return new Promise((resolve) => this.#stuck.push(resolve));
  }
}
