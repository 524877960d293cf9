/** What values of several keys are made of. */
import * as z from "zod";
import { readPrivateKey } from "./sshKeys.ts";

/** A text with a check that says why it won't do. */
export const checked = (problem: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const reason = problem(text);
    if (reason !== null) context.addIssue({ code: "custom", message: reason });
  });

/** A private key, in good form once it is read. */
export const privateKey = z.string().transform((text, context) => {
  const key = readPrivateKey(text);
  if ("pem" in key) return key.pem;
  context.addIssue({ code: "custom", message: key.problem });
  return z.NEVER;
});

export const integer = (least: number, most: number) => z.int().min(least).max(most);
/** Seconds of a time as a person writes it, such as 90s, 10m or 2h; NaN for anything else. */
export function secondsOf(text: string): number {
  const [, count = "", unit = ""] = /^([1-9]\d{0,5})([smh])$/.exec(text) ?? [];
  return Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? Number.NaN);
}

/** A time between two limits, or the word off; `allowed` says so. */
export const timeOrOff = (leastS: number, mostS: number, allowed: string) =>
  checked((text) => (text === "off" || (secondsOf(text) >= leastS && secondsOf(text) <= mostS) ? null : allowed));

export const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
