/** Both nodes' journals as one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { logLines, parseJournal, sinceFrom } from "../../../cli/ha/commands/logs.ts";
import { Refusal } from "../../../cli/ha/refusal.ts";

const line = (atUs: number, MESSAGE: unknown, by = "vip.py") =>
  JSON.stringify({ __REALTIME_TIMESTAMP: String(atUs), SYSLOG_IDENTIFIER: by, MESSAGE });
const at = 1_800_000_000_000_000;

test("lines of both nodes come in the order of time, the service's own as event and fields", () => {
  const event = '{"time": 1800000000.5, "event": "moved", "to": "eni-b", "phasesMs": {"cloud": 2500}}';
  const a = parseJournal("a", `${line(at, "Entering BACKUP STATE", "Keepalived_vrrp")}\n${line(at + 2e6, event)}\n`);
  const b = parseJournal("b", `${line(at + 1e6, "Entering MASTER STATE", "Keepalived_vrrp")}\n`);
  assert.deepEqual(logLines([...b, ...a].sort((x, y) => x.atUs - y.atUs)), [
    "2027-01-15T08:00:00.000Z  a  Keepalived_vrrp  Entering BACKUP STATE",
    "2027-01-15T08:00:01.000Z  b  Keepalived_vrrp  Entering MASTER STATE",
    '2027-01-15T08:00:02.000Z  a  vip.py           moved to="eni-b" phasesMs={"cloud":2500}',
  ]);
});

test("whatever a journal holds, a line is one line, and none of it is obeyed by the terminal", () => {
  const texts = (MESSAGE: unknown) => parseJournal("a", line(at, MESSAGE)).map(({ text }) => text);
  assert.deepEqual(texts("x\u001b[2J\nb  Keepalived  fine"), ["x\uFFFD[2J b Keepalived fine"]);
  assert.deepEqual(texts('{"time": 1, "event": "a\\u001b[2J", "b": "\\u202e"}'), ['a\uFFFD[2J b="\uFFFD"']);
  assert.deepEqual(texts('{"time": 1, no JSON'), ['{"time": 1, no JSON']);
  assert.deepEqual([texts([27, 91]), texts(null)], [["(no text)"], ["(no text)"]]);
  const none = ["", "-- No entries --", "{}", '{"__REALTIME_TIMESTAMP":"1e99"}', "[]", line(-1, "x")];
  for (const wrong of none) assert.deepEqual(parseJournal("a", wrong), [], wrong);
});

test("--since takes a number with its unit", () => {
  assert.deepEqual(["90s", "30m", "2h", "1d"].map(sinceFrom), [90, 1800, 7200, 86_400]);
  for (const wrong of ["", "0s", "1", "1w", "-1h", "1h; reboot", "9999999d"]) {
    assert.throws(() => sinceFrom(wrong), new Refusal(`--since is "${wrong}"; it takes 90s, 30m, 2h or 1d.`, 64));
  }
});
