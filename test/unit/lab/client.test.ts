/** The lab's clients are machines of their own. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { unproxied } from "../../../lab/pair/inspect.ts";

test("a client asks the VIP, whatever proxy this machine goes to the internet by", () => {
  const proxies = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
  const env = {
    ...process.env,
    KEPT: "yes",
    ...Object.fromEntries(proxies.map((name) => [name, "http://127.0.0.1:9"])),
  };
  const [file = "", ...args] = unproxied(["env"]);
  const seen = execFileSync(file, args, { env, encoding: "utf8" });
  assert.match(seen, /^KEPT=yes$/m);
  assert.doesNotMatch(seen, /_proxy=/i);
});
