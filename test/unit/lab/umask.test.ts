/** A user's umask is none of the machines': a service of theirs is another user, and has to read its files. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("the lab makes its files by a umask of its own", () => {
  const told = 'data:text/javascript,process.on("exit",()=>console.log(process.umask().toString(8)))';
  const { stdout } = spawnSync(
    "sh",
    ["-c", 'umask 077; exec "$@"', "sh", process.execPath, "--import", told, "lab/main.ts", "status"],
    { encoding: "utf8", env: { ...process.env, LAB_NAME: "unitnone" } },
  );
  assert.equal(stdout.trim(), "22");
});
