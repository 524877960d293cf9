import { schema } from "../../../../config/schema.ts";
import type { Row } from "./row.ts";

const health =
  "allowed: exactly one of process, tcp, http and command, with interval, timeout, fall and rise if you like";
const addresses = "allowed: IPv4 addresses of the subnet, as nodeAddresses.a and nodeAddresses.b";
const hosts = "allowed: host keys as hostKeys.a and hostKeys.b";

const unknown = `is not a key of this project; allowed: ${Object.keys(schema).join(", ")}`;

/** Names that every object of JavaScript has, and that no configuration has. */
const inherited = ["constructor", "toString", "__proto__", "hasOwnProperty"];

/** Keys inside of objects, and those of the whole configuration. */
export const objectRows: Row[] = [
  ...inherited.flatMap((name): Row[] => [
    [
      `healthCheck.${name}`,
      { healthCheck: `{"tcp":80,"${name}":1}` },
      `healthCheck.${name}: 1 is not allowed; ${health}`,
    ],
    [
      `nodeAddresses.${name}`,
      { nodeAddresses: `{"${name}":"10.0.1.20"}` },
      `nodeAddresses.${name}: "10.0.1.20" is not allowed; ${addresses}`,
    ],
    [`hostKeys.${name}`, { hostKeys: `{"${name}":{}}` }, `hostKeys.${name}: {} is not allowed; ${hosts}`],
  ]),
  [
    "two unknown nodes",
    { nodeAddresses: '{"c":"10.0.1.20","d":1}' },
    `nodeAddresses.c: "10.0.1.20" is not allowed; ${addresses}`,
    `nodeAddresses.d: 1 is not allowed; ${addresses}`,
  ],
  [
    "a key with a line end in it",
    { nodeAddresses: JSON.stringify({ "a\nb": "10.0.1.20" }) },
    `nodeAddresses["a\\nb"]: "10.0.1.20" is not allowed; ${addresses}`,
  ],
  ["an object as a list", { nodeAddresses: "[]" }, `nodeAddresses: [] is not allowed; ${addresses}`],
  ["an object as nothing", { healthCheck: "null" }, `healthCheck: null is not allowed; ${health}`],
  ["broken JSON", { hostKeys: '{"a":' }, `hostKeys: "{\\"a\\":" is not allowed; ${hosts}`],
  ...inherited.map((name): Row => [name, Object.fromEntries([[name, "1"]]), `${name}: ${unknown}`]),
  ["an unknown key with a line end in it", { "mode\nzone": "x" }, `["mode\\nzone"]: ${unknown}`],
];
