/** What the system refuses, as whoever reads it: where, what is wrong, what to do next. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { assertWritable, isSystems, messageOf } from "../../../terminal/problem.ts";

const folder = mkdtempSync(join(tmpdir(), "problem-"));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
writeFileSync(at("file"), "");
symlinkSync("circle", at("circle"));

/** What is said of what this throws. */
function said(work: () => unknown, file?: string): string {
  try {
    work();
  } catch (error) {
    assert.ok(isSystems(error));
    return messageOf(error, file);
  }
  throw new Error("nothing was thrown");
}

test("a path, what is wrong with it and what to do next", () => {
  const cases: [() => unknown, string][] = [
    [
      () => readFileSync(at("none")),
      `${at("none")}: there is no such file or folder; look at how its name is written.`,
    ],
    [
      () => openSync(at("no/new"), "wx"),
      `${at("no/new")}: there is no folder ${at("no")}; make it, or name another one.`,
    ],
    [() => readFileSync(folder, "utf8"), `${folder}: that is a folder; name a file.`],
    [
      () => readFileSync(at("file/x")),
      `${at("file/x")}: a part of this path is a file, and no folder; name another one.`,
    ],
    [() => mkdirSync(at("file")), `${at("file")}: that is there already; remove it, or name another one.`],
    [() => readFileSync(at("circle")), `${at("circle")}: its links lead in a circle; mend them, or name another one.`],
    [() => openSync("/proc/new", "wx"), "/proc/new: there is no such file or folder; look at how its name is written."],
  ];
  for (const [work, wanted] of cases) {
    // A read of a folder does not say which one.
    assert.equal(said(work, folder), wanted);
  }
});

test("a disk that is full", () => {
  const full = openSync("/dev/full", "w");
  const write = () => writeSync(full, "x");
  assert.equal(
    said(write, "/dev/full"),
    "/dev/full: no room is left on the disk; make some, df -h /dev/full shows how full it is.",
  );
  assert.equal(said(write), "No room is left on the disk; df -h shows which one is full.");
  closeSync(full);
});

test("what another user has", () => {
  const refused = Object.assign(new Error("EACCES"), { code: "EACCES", syscall: "open", path: at("x") });
  assert.equal(messageOf(refused), `${at("x")}: this user may not do that there; ls -ld ${folder} shows who may.`);
});

test("a program that is not installed", () => {
  const { error } = spawnSync("no-such-program");
  assert.equal(messageOf(error), 'There is no program "no-such-program" on this machine\'s PATH; install it.');
});

test("what is no refusal of the system's stays as it was said", () => {
  assert.deepEqual([messageOf(new Error('--how is "x"')), messageOf("text")], ['--how is "x"', "text"]);
  assert.equal(
    messageOf(Object.assign(new Error("EODD: odd, read"), { code: "EODD", syscall: "read" })),
    "EODD: odd, read",
  );
});

test("a result that could not be written down is known before the work", () => {
  assertWritable(at("new"));
  assertWritable(at("file"));
  assert.throws(() => assertWritable(at("no/new")), {
    message: `${at("no/new")}: there is no folder ${at("no")}; make it, or name another one.`,
  });
  assert.throws(() => assertWritable(folder), { message: `${folder}: that is a folder; name a file.` });
});

test("output that goes to a full disk ends nothing, is told once, and shows in the exit code", () => {
  const program = `import { goesOnUnread } from "./terminal/reader.ts"; goesOnUnread();
    console.log("one"); console.log("two"); setTimeout(() => console.error("done"), 100);`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "-e", program];
  const stdout = openSync("/dev/full", "w");
  const { stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", stdout, "pipe"] });
  closeSync(stdout);
  assert.deepEqual(
    [status, stderr],
    [3, "What this prints can't be written: No room is left on the disk; df -h shows which one is full.\ndone\n"],
  );
});
