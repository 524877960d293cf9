/** What must not be passed on: values that are known to be secret, and what looks like one. Pure. */
import * as z from "zod";

const shown = "***";
/** Shorter ones are words that stand everywhere. */
const shortest = 4;
const formats = ["json", "wecom", "feishu", "dingtalk", "slack"];

/** A URL as a whole, and what of it opens something: a password, values of the query, parts of the path that nobody types. */
function ofUrl(url: string): string[] {
  if (!URL.canParse(url)) return [url];
  const { pathname, password, searchParams } = new URL(url);
  const parts = pathname.split("/").filter((part) => part.length >= 12);
  return [url, password, ...searchParams.values(), ...parts];
}

const vipSchema = z.looseObject({ healthCheck: z.looseObject({ secret: z.literal(true), target: z.unknown() }) });

/** The secret values of a node's file: `notify_url`, `vip.json`, `credentials.json`; none of another one. */
export function secretsIn(path: string, text: string): string[] {
  if (path.endsWith("/notify_url")) {
    const lines = text.split("\n").filter((line) => !formats.includes(line));
    return lines.flatMap(ofUrl);
  }
  try {
    const found: unknown = JSON.parse(text);
    if (path.endsWith("/credentials.json")) {
      return Object.values(z.record(z.string(), z.unknown()).parse(found)).filter((one) => typeof one === "string");
    }
    return path.endsWith("/vip.json") ? ofUrl(String(vipSchema.parse(found).healthCheck.target)) : [];
  } catch {
    return [];
  }
}

/** What looks like a secret wherever it stands; the first group stays. */
const patterns = [
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /()\bAKID\w{10,}/g,
  /(\w:\/\/)[^\s/@:"']+:[^\s/@"']+(?=@)/g,
  /([?&](?:key|token|access_token|sign|signature|secret)=)[^&\s"'\\]+/gi,
  /(\b\w*(?:secret|token|passw(?:or)?d|passphrase)\w*["']?\s*[=:]\s*["']?)[^\s"',;&}]+/gi,
  /(\bauthorization["']?\s*:\s*["']?(?:\w+ )?)[^\s"',]+/gi,
];

/** The text without them. */
export function masked(text: string, secrets: string[]): string {
  const all = secrets
    .filter((secret) => secret.length >= shortest)
    // As they stand in JSON, in a query, and by themselves.
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    .sort((x, y) => y.length - x.length);
  const without = all.reduce((left, secret) => left.replaceAll(secret, shown), text);
  return patterns.reduce((left, pattern) => left.replace(pattern, `$1${shown}`), without);
}
