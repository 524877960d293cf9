/**
 * What a row of the inline engine's table is made of: how a resource is created, changed and removed, and what most of them
 * have in common. A change that a row can't make in place is left to the real engine.
 */
import { until as waitUntil } from "../../command/wait.ts";
import type { Call, Json, Service } from "../client.ts";

export interface Tools {
  call: Call;
  /** Shows what the engine waits for; repeated with what it last saw. */
  progress(text: string): void;
  /** File with the private key of the lab: keys travel to ssh by file, never on a command line. */
  sshKeyFile: string;
}

export interface Made {
  id: string;
  state: Json;
}

export interface Resource {
  /** `remember` stores the id at once, so that nothing is lost when a wait behind it fails. */
  create(inputs: Json, tools: Tools, remember: (id: string) => void): Promise<Made>;
  /** In-place change; absent = only the real engine can. */
  update?(id: string, inputs: Json, tools: Tools): Promise<Json>;
  /** Succeeds when the thing is already gone. */
  remove(id: string, inputs: Json, tools: Tools): Promise<void>;
}

/** A data source: what it is asked for, what it answers, both as the SDK has them. */
export type Lookup = (inputs: Json, tools: Tools) => Promise<Json>;

/** How long the cloud may take for any one step. */
const limitMs = 180_000;
export const until = <T>({ progress }: Tools, what: string, look: () => Promise<T | string>): Promise<T> =>
  waitUntil({ what, limitMs, progress }, look);

export const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
export const tags = (inputs: Json) =>
  Object.entries((inputs.tags ?? {}) as Json).map(([Key, Value]) => ({ Key, Value }));
export const codeOf = (error: unknown) => (error as { code?: string }).code ?? "";

export async function gone(action: Promise<unknown>): Promise<void> {
  await action.catch((error: unknown) => {
    if (!/NotFound|NotExist/.test(codeOf(error))) throw error;
  });
}

/** Several handlers of the cloud refuse while a task on the same thing runs. */
async function whenFree<T>(tools: Tools, what: string, act: () => Promise<T>): Promise<T> {
  const made = await until(tools, what, async () => {
    try {
      return { value: await act() };
    } catch (error) {
      if (!/Mutex|ResourceInUse|InvalidState|TaskRunning/.test(codeOf(error))) throw error;
      return codeOf(error);
    }
  });
  return made.value;
}

/**
 * A resource that one action makes and one removes; what differs is data. An input becomes the parameter of the same
 * name with a capital, unless `rename` or `request` says otherwise; the id is also the output `<type>Id`.
 */
interface Plain {
  service: Service;
  create: string;
  rename?: Record<string, string>;
  /** The inputs to copy; all of them by default. */
  copy?: string[];
  /** Parameters that are no plain copy of an input; null leaves one out. */
  request?(inputs: Json): Json;
  /** Path of the id in the answer, e.g. `Vpc.VpcId`. */
  made: string;
  /** Action and parameter of the removal; a list parameter ends in []. */
  remove: `${string}.${string}`;
  update?(id: string, inputs: Json): [action: string, request: Json];
  /** What the cloud shows of it, undefined once it is gone. With `ready` the engine waits on both ends. */
  look?(tools: Tools, id: string): Promise<Json | undefined>;
  ready?(seen: Json): Json | string;
}

export const plain = (p: Plain): Resource => ({
  create: async (inputs, tools, remember) => {
    const named = Object.entries(inputs)
      .filter(([key]) => key !== "tags" && (p.copy?.includes(key) ?? true))
      .map(([key, value]) => [p.rename?.[key] ?? key.charAt(0).toUpperCase() + key.slice(1), value]);
    const request = { ...Object.fromEntries(named), Tags: tags(inputs), ...p.request?.(inputs) };
    const sent = Object.fromEntries(
      Object.entries(request).filter(([, value]) => value !== null && value !== undefined),
    );
    const answer = await tools.call(p.service, p.create, sent);
    const id = String(p.made.split(".").reduce<unknown>((value, key) => (value as Json)[key], answer));
    remember(id);
    const { look, ready } = p;
    if (!look || !ready) return { id, state: {} };
    const state = await until(tools, `${id} ready`, async () => {
      const seen = await look(tools, id);
      return seen ? ready(seen) : "absent";
    });
    return { id, state };
  },
  ...(p.update && {
    update: async (id: string, inputs: Json, tools: Tools) => tools.call(p.service, ...p.update!(id, inputs)),
  }),
  remove: async (id, _inputs, tools) => {
    const [action = "", parameter = ""] = p.remove.split(".");
    const value = /^\d+$/.test(id) && action === "DeletePolicy" ? Number(id) : id;
    const request = parameter.endsWith("[]") ? { [parameter.slice(0, -2)]: [value] } : { [parameter]: value };
    await gone(whenFree(tools, `${id} unused`, () => tools.call(p.service, action, request)));
    const { look } = p;
    if (look) await until(tools, `${id} gone`, async () => ((await look(tools, id)) ? "still there" : {}));
  },
});

/** A resource that is a relation between two others: made, undone, and seen only through one of them. */
interface Relation {
  id(inputs: Json): string;
  make(inputs: Json): [action: string, request: Json];
  undo(inputs: Json): [action: string, request: Json];
  /** True while it holds; a word for what is seen while that is open. */
  holds(tools: Tools, inputs: Json): Promise<boolean | string>;
}

export const relation = (r: Relation): Resource => {
  const settle = (tools: Tools, inputs: Json, wanted: boolean) =>
    until(tools, `${r.id(inputs)} ${wanted ? "bound" : "free"}`, async () => {
      const now = await r.holds(tools, inputs);
      return now === wanted ? {} : String(now);
    });
  return {
    create: async (inputs, tools, remember) => {
      await tools.call("vpc", ...r.make(inputs));
      remember(r.id(inputs));
      await settle(tools, inputs, true);
      return { id: r.id(inputs), state: {} };
    },
    remove: async (_id, inputs, tools) => {
      if ((await r.holds(tools, inputs)) === false) return;
      await gone(whenFree(tools, `${r.id(inputs)} free`, () => tools.call("vpc", ...r.undo(inputs))));
      await settle(tools, inputs, false);
    },
  };
};
