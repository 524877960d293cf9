import { CloudError } from "../api/errors.ts";
import type { Faults } from "./apiFaults.ts";
import type { Clock } from "./clock.ts";

export type TaskStatus = "RUNNING" | "SUCCESS" | "FAILED";

/** The id of the request that started it, or for those of EIPs a number: each sort is asked for by an action of its own. */
export type TaskId = string | number;

export interface TaskStart {
  id: TaskId;
  action: string;
  delayMs: number;
  /** Things on which nothing else may run meanwhile. */
  locks: string[];
  /** What happens at the end. The task is RUNNING until it resolves. */
  done: () => void | Promise<void>;
  /** Puts things back when the task fails. */
  failed?: () => void | Promise<void>;
}

interface Task {
  id: TaskId;
  action: string;
  startedMs: number;
  endedMs: number | null;
  status: TaskStatus;
  locks: string[];
}

/** Things that take time: each runs for a while, holds its locks meanwhile, and ends as SUCCESS or FAILED. */
export class Tasks {
  readonly #tasks = new Map<TaskId, Task>();
  readonly #running = new Set<Promise<void>>();
  readonly #cancels = new Set<() => void>();
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #onError: (error: unknown) => void;
  readonly #onEnd: () => void;

  /** @param onEnd told of every end: what runs for a while changes things when it ends */
  constructor(clock: Clock, faults: Faults, onError: (error: unknown) => void, onEnd: () => void) {
    this.#clock = clock;
    this.#faults = faults;
    this.#onError = onError;
    this.#onEnd = onEnd;
  }

  start({ id, action, delayMs, locks, done, failed }: TaskStart): void {
    const task: Task = { id, action, startedMs: this.#clock.now(), endedMs: null, status: "RUNNING", locks };
    this.#tasks.set(id, task);
    const stuck = this.#faults.takeStuckTask(action);
    const willFail = this.#faults.takeFailedTask(action) || stuck !== undefined;
    this.background(async () => {
      await this.sleep(delayMs);
      await stuck;
      let status: TaskStatus = willFail ? "FAILED" : "SUCCESS";
      try {
        await (willFail ? failed?.() : done());
      } catch (error) {
        status = "FAILED";
        this.#onError(error);
      }
      task.locks = [];
      task.status = status;
      task.endedMs = this.#clock.now();
    });
  }

  /** Runs something that no caller can ask for by a task id; what it throws is reported, not lost. */
  background(run: () => Promise<void>): void {
    const running = run()
      .catch((error: unknown) => this.#onError(error))
      .finally(() => {
        this.#running.delete(running);
        this.#onEnd();
      });
    this.#running.add(running);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(delayMs, () => {
        this.#cancels.delete(cancel);
        resolve();
      });
      this.#cancels.add(cancel);
    });
  }

  isLocked(id: string): boolean {
    return this.lockedBy(id) !== undefined;
  }

  /** The action whose task runs on a thing. */
  lockedBy(id: string): string | undefined {
    for (const task of this.#tasks.values())
      if (task.status === "RUNNING" && task.locks.includes(id)) return task.action;
    return undefined;
  }

  /** How a task is by now; `unknownCode` is the refusal when there is none with this id (yet, or any more). */
  status(id: TaskId, unknownCode: string): TaskStatus {
    const unknown = () => new CloudError(unknownCode, `The task '${id}' does not exist.`);
    const task = this.#tasks.get(id);
    if (!task) throw unknown();
    const { taskUnknownMs, taskKnownMs } = this.#faults.settings;
    const nowMs = this.#clock.now();
    if (nowMs - task.startedMs < taskUnknownMs) throw unknown();
    if (taskKnownMs !== null && task.endedMs !== null && nowMs - task.endedMs >= taskKnownMs) throw unknown();
    return task.status;
  }

  /** Resolves once nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Forgets what still waits: for the end of the lab. */
  cancel(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
