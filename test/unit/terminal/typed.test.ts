/** Hints lead to the pair, or the lab, that the command was about which prints them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { afterEach, test } from "node:test";
import { haCommand, hintsName, labCommand, upCommand } from "../../../terminal/typed.ts";

afterEach(() => {
  hintsName({});
  delete process.env.LAB_NAME;
});

test("nothing more than has to be", () => {
  delete process.env.LAB_NAME;
  const hints = [haCommand("status"), upCommand(), labCommand(), labCommand("down")];
  assert.deepEqual(hints, ["npm run ha -- status", "npm run up", "npm run lab", "npm run lab -- down"]);
});

test("what was said of a stack is said again", () => {
  hintsName({ stack: "org/web/prod", cwd: "my infra", identity: "k'ey" });
  const where = "--stack org/web/prod --cwd 'my infra'";
  assert.equal(haCommand("maintenance off b"), `npm run ha -- maintenance off b ${where} --identity 'k'\\''ey'`);
  assert.equal(upCommand(), `npm run up -- ${where}`);
});

test("before a login, for what is behind its node is a command there", () => {
  hintsName({ lab: "demo" });
  assert.equal(haCommand("ssh b sudo reboot"), "npm run ha -- --lab demo ssh b sudo reboot");
});

test("another lab than the usual one, for every shell", () => {
  process.env.LAB_NAME = "demo";
  assert.equal(labCommand("down"), "env LAB_NAME=demo npm run lab -- down");
  assert.equal(labCommand("", "other"), "env LAB_NAME=other npm run lab");
  process.env.LAB_NAME = "lab";
  assert.equal(labCommand("down"), "npm run lab -- down");
  hintsName({ lab: "demo" });
  assert.equal(upCommand(), "env LAB_NAME=demo npm run lab");
});

test("a shell takes each word as it was meant", () => {
  for (const text of ["a b", "$HOME", "x'y", 'x"y', "*", "", "ä;reboot", "~"]) {
    hintsName({ cwd: text });
    const words = haCommand("status").replace("npm run ha -- ", "");
    const { stdout } = spawnSync("sh", ["-c", `printf '<%s>' ${words}`], { encoding: "utf8" });
    assert.equal(stdout, `<status><--cwd><${text}>`);
  }
});
