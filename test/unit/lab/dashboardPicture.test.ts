/** The picture of the dashboard: what was recorded is in it, where the dashboard has it, and nothing beyond its edges. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readPanels, type Shown, shownBy } from "../../../lab/monitor/panels.ts";
import { dashboardSvg } from "../../../lab/monitor/picture.ts";

const panels = readPanels();
const recorded = JSON.parse(readFileSync("docs/pictures/dashboard.json", "utf8")) as Shown;
const svg = dashboardSvg(panels, recorded);

test("each panel was recorded, and had something to show", () => {
  assert.deepEqual(
    recorded.panels.map(({ title }) => title),
    panels.map(({ title }) => title),
  );
  recorded.panels.forEach(({ title, series }, n) => {
    assert.equal(series.length === 0, panels[n]?.type === "row", title);
    for (const { legend, runs } of series) {
      const samples = runs.reduce((sum, [, times]) => sum + times, 0);
      assert.equal(samples, panels[n]?.type === "stat" ? 1 : recorded.samples, `${title}: ${legend}`);
    }
  });
});

test("nothing lies outside of the picture", () => {
  const [width, height] = ["width", "height"].map((name) =>
    Number(new RegExp(`<svg [^>]*${name}="(\\d+)"`).exec(svg)?.[1]),
  );
  assert.ok(width && height);
  for (const [, x, y, w, h] of svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)) {
    assert.ok(Number(x) + Number(w) <= width && Number(y) + Number(h) <= height, `${x} + ${w}, ${y} + ${h}`);
  }
  for (const [, x, y, content = ""] of svg.matchAll(
    /<text x="([\d.-]+)" y="([\d.-]+)" (?!text-anchor="end")[^>]*>([^<]*)</g,
  )) {
    assert.ok(Number(x) > 0 && Number(x) + content.length * 3 <= width && Number(y) <= height, content);
  }
});

test("what Prometheus answers becomes runs of equal values, with holes where there is none", async () => {
  const asked: string[] = [];
  const startS = Date.now() / 1000 - 50;
  const shown = await shownBy(
    async (path, query) => {
      asked.push(`${path} ${query.query}`);
      const at = (n: number) => Number(query.start) + n * 20;
      if (path === "query") return { result: [{ metric: { node: "b", version: "1" }, value: [0, "0.123456"] }] };
      return {
        result: [
          {
            metric: { node: "a" },
            values: [
              [at(0), "1"],
              [at(1), "1"],
            ],
          },
        ],
      };
    },
    "one",
    startS,
    20,
  );
  assert.ok(asked.every((text) => !text.includes("$pair")));
  const found = (title: string) => shown.panels.find((panel) => panel.title === title)?.series;
  assert.equal(shown.samples, 3);
  assert.deepEqual(found("Role"), [
    {
      legend: "a",
      runs: [
        [1, 2],
        [null, 1],
      ],
    },
  ]);
  assert.deepEqual(found("Version"), [{ legend: "b 1", runs: [[0.1235, 1]] }]);
});
