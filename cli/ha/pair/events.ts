/** What the nodes logged, in words. Pure. */
import type { NodeName } from "../../../render/model.ts";
import { drainedBy, type NodeEvent } from "./history.ts";

export interface PairEvent extends NodeEvent {
  node: NodeName;
}

/** An event as docs/node.md names it, with what it says of that. */
export const fieldsText = (event: string, fields: Record<string, unknown>): string =>
  [event, ...Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(" ");

/** @param nameOf gives the node of an ENI */
export function eventText(said: NodeEvent, nameOf: (eni: string | null) => string): string {
  const text = (name: string) => String(said.fields[name] ?? "?");
  const eni = (name: string) => nameOf((said.fields[name] ?? null) as string | null);
  switch (said.event) {
    case "state":
      return `${text("state")}, by ${text("trigger")}`;
    case "asked":
      return `${said.fields.by === null ? "the service" : text("by")} asks for ${text("what")}: ${text("why") || "no reason"}`;
    case "drained":
      return drainedBy(said) === "" ? "takes part again" : `kept from being MASTER by ${drainedBy(said)}`;
    case "move-accepted":
      return `the cloud takes the order: ${eni("from")} -> ${eni("to")}`;
    case "moved":
      return `moved: ${eni("from")} -> ${eni("to")}, by ${text("trigger")}`;
    case "trouble":
      return `trouble ${text("what")}: ${text("message")}`;
    case "well-again":
      return `${text("what")} works again`;
    default:
      return fieldsText(said.event, said.fields);
  }
}

/** 2027-01-15 08:00:00, UTC: as everything is that the nodes tell. */
export const stamp = (unix: number): string => new Date(unix * 1000).toISOString().slice(0, 19).replace("T", " ");
