import type { Dataplane, NetworkView } from "../../dataplane.ts";

/**
 * Keeps the data plane in step with the model. Calls of `apply` never overlap, and any number of changes made while
 * one is under way share the next one; machines boot beside it, so that a migrated address never waits for a boot.
 */
export class Plane {
  readonly machines: Pick<Dataplane, "startMachine" | "stopMachine" | "destroyMachine">;
  readonly #dataplane: Dataplane;
  readonly #view: () => NetworkView[];
  #last: Promise<unknown> = Promise.resolve();
  #waiting: Promise<void> | null = null;

  constructor(dataplane: Dataplane, view: () => NetworkView[]) {
    this.#dataplane = dataplane;
    this.machines = dataplane;
    this.#view = view;
  }

  /** Resolves once packets obey what the model says now. */
  apply(): Promise<void> {
    if (!this.#waiting) {
      this.#waiting = this.#last.then(() => {
        this.#waiting = null;
        return this.#dataplane.apply(this.#view());
      });
      this.#last = this.#waiting.catch(() => {});
    }
    return this.#waiting;
  }

  /** Resolves once no apply is under way or waiting. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
