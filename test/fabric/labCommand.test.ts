import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { after, test } from "node:test";
import { labPaths } from "../../lab/state.ts";
import { labCommand } from "../support/lab.ts";

const lab = "cmdline";

after(() => rmSync(labPaths(lab).dir, { recursive: true, force: true })); // the key that the settings name

/** Runs a command that has to be refused, and gives what it says. */
function refused(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, labCommand(args), {
    env: { ...process.env, LAB_NAME: lab },
    encoding: "utf8",
  });
  assert.equal(status, 1, stdout);
  assert.ok(!existsSync(labPaths(lab).config), "no lab was made");
  return stderr.trim();
}

test("a command with what it does not know does nothing and says what it knows", () => {
  assert.equal(refused("up", "mode=stable"), '"mode=stable" does not belong here; did you mean --set mode=stable?');
  assert.equal(refused("down", "--set", "a=b"), '"--set" does not belong here; this command takes --purge.');
  assert.equal(refused("destroy", "now"), '"now" does not belong here; this command takes no options.');
});

test("bad settings are refused before a lab is made", () => {
  const text = refused("up", "--set", "mode=stabel", "--set", "failoverSpeed=warp");
  assert.match(text, /mode: "stabel" is not allowed; allowed: stable or standing-master/);
  assert.match(text, /failoverSpeed: "warp" is not allowed/);
});
