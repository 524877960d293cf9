/** What the nodes do for the user's own service: healthCheck, and notifyUrl with what belongs to it. hooksDir is read in files.ts. */
import * as z from "zod";
import { type HealthCheck, healthKinds, type NotifyFormat } from "../render/model.ts";
import type { Report } from "./checks.ts";

const isInteger = (value: unknown, least: number, most: number): boolean =>
  typeof value === "number" && Number.isInteger(value) && least <= value && value <= most;
const isText = (value: unknown, pattern: RegExp): boolean => typeof value === "string" && pattern.test(value);

interface Field {
  allowed: string;
  fits(value: unknown): boolean;
}
const number = (most: number, unit = ""): Field => ({
  allowed: `1 to ${most}${unit}`,
  fits: (value) => isInteger(value, 1, most),
});

/** What is checked; a check has exactly one of these. */
const targets: Record<HealthCheck["kind"], Field> = {
  process: {
    allowed: "a systemd unit such as nginx.service, or the path of a pid file such as /run/nginx.pid",
    fits: (value) => isText(value, /^([A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*\.service|\/[\w./@:-]+)$/),
  },
  tcp: { allowed: "a TCP port, 1 to 65535", fits: (value) => isInteger(value, 1, 65535) },
  // On the node itself: what depends on the network or on the other node fails on both at once.
  http: {
    allowed: "a URL of the node itself, such as http://127.0.0.1:8080/health",
    fits: (value) => urlProblem(value) === null && /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+)[:/]/.test(hrefOf(value)),
  },
  command: {
    allowed: "a command line of at most 1000 characters, such as /usr/local/bin/check --quick",
    fits: (value) => isText(value, /^(?=.*\S)[^\0\r\n]{1,1000}$/),
  },
};

const numbers: Record<"interval" | "timeout" | "fall" | "rise", Field> = {
  interval: number(60, " seconds"),
  timeout: number(60, " seconds"),
  fall: number(20),
  rise: number(20),
};

/** The one place for the defaults of a health check. */
const defaults = { interval: 2, timeout: 2, fall: 3, rise: 2 };

export const healthAllowed =
  "exactly one of process, tcp, http and command, with interval, timeout, fall and rise if you like";

const field = ({ allowed, fits }: Field) => z.unknown().refine(fits, { message: allowed }).optional();
const fieldsOf = <K extends string>(fields: Record<K, Field>) =>
  Object.fromEntries(Object.entries<Field>(fields).map(([name, each]) => [name, field(each)])) as Record<
    K,
    ReturnType<typeof field>
  >;

type GivenHealth = Partial<Record<string, unknown>>;
const kindsOf = (given: GivenHealth) => healthKinds.filter((kind) => given[kind] !== undefined);

/** {} is no check at all: Pulumi.yaml needs a default that can be written down. */
export const healthSchema = z
  .strictObject({ ...fieldsOf(targets), ...fieldsOf(numbers) })
  .refine((given) => Object.keys(given).length === 0 || kindsOf(given).length === 1, { message: healthAllowed });

/** A health check with its defaults, null without one. Takes what the schema has passed; `secret`: see HealthCheck. */
export function healthCheckOf(given: GivenHealth, secret: boolean): HealthCheck | null {
  const [kind] = kindsOf(given);
  if (!kind) return null;
  const { interval, timeout, fall, rise } = { ...defaults, ...(given as Partial<typeof defaults>) };
  const target = kind === "http" ? hrefOf(given[kind]) : (given[kind] as string | number);
  return { kind, target, intervalS: interval, timeoutS: timeout, fall, rise, secret };
}

/** Why a text is no URL that the nodes can use, null when it is one. Their HTTP client knows IPv4 and no passwords. */
export function urlProblem(text: unknown): string | null {
  const allowed = "an http:// or https:// URL without user and password";
  if (typeof text !== "string" || /\s/.test(text) || !URL.canParse(text)) return allowed;
  const { protocol, username, password, hostname } = new URL(text);
  const usable = (protocol === "http:" || protocol === "https:") && !username && !password && !hostname.includes("[");
  return usable ? null : allowed;
}

/** The URL as it is sent: plain ASCII, with a path, without a fragment. */
export function hrefOf(text: unknown): string {
  const url = new URL(String(text));
  url.hash = "";
  return url.href;
}

/** One line of the file that has the URL. The services make two dozen characters; a few would be masked in every message. */
export const signingSecret = z.string().regex(/^[\x21-\x7e]{8,200}$/);

/** The services whose robots can ask for a signature. */
const signing: NotifyFormat[] = ["feishu", "dingtalk"];

/** What needs a URL to be of use, and a format that signs. `given` says of a key whether it was set. */
export function checkNotify(format: NotifyFormat | undefined, given: (key: string) => boolean, report: Report): void {
  if (format === undefined) return;
  if (given("notifySecret") && !signing.includes(format)) {
    report(
      "notifySecret",
      `came with notifyFormat ${format}, which signs nothing; allowed: with ${signing.join(" or ")}`,
    );
  } else if (format !== "json" && !given("notifyUrl")) {
    report("notifyUrl", `is missing, and notifyFormat is ${format}; allowed: the robot's URL, set with --secret`);
  }
}
