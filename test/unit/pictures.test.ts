/** The pictures of the pages: drawn from what was measured, and true to it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type FailoverRecord, failoverSvg } from "../../picture/failover.ts";
import { type Pair, topologySvg } from "../../picture/topology.ts";
import { made } from "../../scripts/pictures.ts";

test("each picture is what the code draws from the JSON beside it: npm run pictures", () => {
  for (const [file, drawn] of Object.entries(made())) assert.equal(readFileSync(file, "utf8"), drawn, file);
});

test("each picture is well-formed, stays within its page and has colours for a dark one", () => {
  for (const [file, drawn] of Object.entries(made())) {
    const [, width = "", height = ""] = /^<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(drawn) ?? [];
    const open: string[] = [];
    for (const [, end, name = "", whole] of drawn.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (end) assert.equal(open.pop(), name, file);
      else if (!whole) open.push(name);
    }
    assert.deepEqual(open, [], file);
    const at = (name: string) =>
      [...drawn.matchAll(new RegExp(`\\b${name}="(-?[\\d.]+)"`, "g"))].map(([, n]) => Number(n));
    for (const x of [...at("x"), ...at("x1"), ...at("x2")]) assert.ok(x >= 0 && x <= Number(width), `${file}: ${x}`);
    for (const y of [...at("y"), ...at("y1"), ...at("y2")]) assert.ok(y >= 0 && y <= Number(height), `${file}: ${y}`);
    assert.match(drawn, /@media \(prefers-color-scheme:dark\)/, file);
    assert.doesNotMatch(drawn, /NaN|undefined|<script|href/, file);
  }
});

const pair: Pair = {
  vip: "10.0.1.100",
  publicIp: "203.0.113.5",
  master: "a",
  nodes: {
    a: { instanceId: "ins-1", eniId: "eni-1", address: "10.0.1.16" },
    b: { instanceId: "ins-2", eniId: "eni-2", address: "10.0.1.17" },
  },
};
/** Where the middle of a text is. */
const middleOf = (svg: string, words: string) =>
  Number(new RegExp(`<text x="([\\d.]+)"[^>]*>${words}<`).exec(svg)?.[1]);

test("a pair is drawn with the VIP at the ENI of the node that has it, and with its EIP if there is one", () => {
  for (const [master, other, eni] of [
    ["a", "b", "ENI eni-1 · 10.0.1.16"],
    ["b", "a", "ENI eni-2 · 10.0.1.17"],
  ] as const) {
    const svg = topologySvg({ ...pair, master });
    assert.equal(middleOf(svg, "VIP 10.0.1.100"), middleOf(svg, eni));
    assert.match(svg, new RegExp(`>node ${master} · MASTER<`));
    assert.match(svg, new RegExp(`>node ${other} · BACKUP<`));
    assert.match(svg, />EIP 203\.0\.113\.5</);
  }
  assert.doesNotMatch(topologySvg({ ...pair, publicIp: null }), /EIP|internet/);
  assert.doesNotMatch(topologySvg({ ...pair, master: null }), /· MASTER</);
});

const record: FailoverRecord = {
  date: "2026-01-02T03:04:05.000Z",
  speed: "fast",
  fault: "power",
  master: "a",
  advertIntervalMs: 300,
  advertsMs: { a: [-750, -450, -150], b: [700, 1000] },
  masterMs: 700,
  requestMs: 704,
  movedMs: 3204,
  answeredMs: 3210,
  lastAnsweredMs: -5,
  askedEveryMs: 10,
};
const spanOf = (svg: string, title: string) => {
  const [, x, width] =
    new RegExp(`<rect x="([\\d.]+)" y="[\\d.]+" width="([\\d.]+)"[^>]*><title>${title}<`).exec(svg) ?? [];
  return [Number(x), Number(x) + Number(width)] as const;
};

test("a failover is drawn to scale: the client's gap ends where the new MASTER answers, and the parts follow one another", () => {
  const svg = failoverSvg(record);
  const [, gapEnd] = spanOf(svg, "unanswered for 3\\.21 s");
  const parts = ["detection 700 ms", "decision 4 ms", "api 2500 ms", "network 6 ms"].map((title) => spanOf(svg, title));
  assert.ok(Math.abs(gapEnd - parts[3]![1]) < 2);
  const perMs = (parts[2]![1] - parts[2]![0]) / 2500;
  assert.ok(Math.abs(parts[0]![1] - parts[0]![0] - 700 * perMs) < 1);
  for (const [n, [start]] of parts.slice(1).entries()) assert.ok(Math.abs(start - parts[n]![1]) < 2);
  assert.equal(svg.match(/class="advert"/g)?.length, 5);
  for (const words of ["b is MASTER, 0.70 s", "moved, 3.20 s", "answered, 3.21 s"])
    assert.ok(svg.includes(words), words);
});
