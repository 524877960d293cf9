/** What a node says of itself, checked: the operator's command acts on it, and a node may be somebody else's by now. */
import * as z from "zod";
import { oneLine } from "../../../terminal/printable.ts";

const moveSchema = z.object({
  trigger: z.string(),
  /** ENIs; `from` is null when the VIP was on none. */
  from: z.string().nullable(),
  to: z.string(),
  /** Unix seconds. */
  startedAt: z.number(),
  phasesMs: z.record(z.string(), z.number()),
});
/** A move of the VIP, as the node that asked for it logged it. */
export type Move = z.infer<typeof moveSchema>;

const leftSchema = z.looseObject({ count: z.number().nullable(), leftS: z.number() });

const reportSchema = z.looseObject({
  state: z.string(),
  /** Unix seconds. */
  since: z.number().nullable(),
  serviceAlive: z.boolean(),
  vipOnNic: z.boolean(),
  /** By the node's own ENI; only a MASTER asks. */
  cloudHolder: z.enum(["self", "peer", "none", "other", "unknown"]),
  available: z.boolean().optional(),
  /** Unix seconds. */
  checkedAt: z.number().nullish(),
  keepalivedAlive: z.boolean().optional(),
  preferred: z.boolean().optional(),
  /** What keeps it from being MASTER, by name. */
  drained: z.record(z.string(), z.looseObject({ why: z.string() })).optional(),
  maintenance: z.looseObject({ why: z.string(), leftS: z.number().nullable() }).nullish(),
  /** A planned switch that it keeps until its time, in Unix seconds; an earlier release says nothing of one. */
  scheduled: z.looseObject({ at: z.number(), by: z.string(), why: z.string() }).nullish(),
  /**
   * Only with keepConnections: `kept` are its own, which it serves through the new holder for so long at most, `carried`
   * the other node's. `reset`: its own that were open as it ceased to keep them, since its service started. `ended`: why it
   * did, null while it keeps some and where it has kept none since it was MASTER; an earlier release does not say.
   */
  connections: z
    .looseObject({
      kept: leftSchema.nullable(),
      carried: leftSchema.nullish(),
      reset: z.number().optional(),
      ended: z.string().nullish(),
    })
    .optional(),
  /** What is not as it should be, and what to do about it. */
  problems: z.array(z.looseObject({ found: z.string(), cure: z.string() })),
  /** Those that this node asked for, the newest first. */
  moves: z.array(moveSchema.loose()),
});
/** What `vip.py status --json` says; it may say more. */
export type NodeReport = z.infer<typeof reportSchema>;

const probeSchema = z.looseObject({ here: z.boolean(), answeredMs: z.number().nullable() });

export interface NodeAnswer {
  report: NodeReport;
  /** Whether the VIP answered this node's ping through the cloud; null on the node that has it. */
  probe: boolean | null;
}

/** Stands between the two commands' output. */
export const divider = "---";

/** Names are the node's as well as values: `status --json` passes on those that it does not know. */
function clean(value: unknown): unknown {
  if (typeof value === "string") return oneLine(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [oneLine(name), of]));
}

/** A node's JSON, with every text in it fit for one line of this terminal. @throws SyntaxError */
export const readAnswer = (text: string): unknown => JSON.parse(text, (_name, value: unknown) => clean(value));

/**
 * The output of `vip.py status --json` and `vip.py probe --json`, with the divider on a line between them.
 * @throws Error when it is anything else
 */
export function parseAnswer(stdout: string): NodeAnswer {
  const [status = "", probe = ""] = stdout.split(`\n${divider}\n`);
  const { here, answeredMs } = probeSchema.parse(readAnswer(probe));
  return { report: reportSchema.parse(readAnswer(status)), probe: here ? null : answeredMs !== null };
}
