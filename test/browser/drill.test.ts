/** The page of a drill as its readers have it: on a wide screen, on a narrow one, and on paper. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { reportHtml } from "../../cli/ha/drill/report.ts";
import { Chromium } from "../support/chromium.ts";
import { phase, quiet, record } from "../support/drillRecord.ts";

const folder = mkdtempSync(join(tmpdir(), "drill-page-"));
const page = join(folder, "report.html");
let browser: Chromium;

before(async () => {
  const long = `a cause that nobody has shortened ${"and goes on ".repeat(12)}${"x".repeat(90)}`;
  const { moves } = phase();
  const odd = phase({ moves: moves.map((move) => ({ ...move, why: long })), stopped: "by Ctrl-C" }, 7.5);
  writeFileSync(page, reportHtml(record([phase({}, 2.5), quiet(), odd], { stopped: "by Ctrl-C" })));
  browser = new Chromium();
  await browser.visit(pathToFileURL(page).href);
});
after(async () => {
  await browser.end();
  rmSync(folder, { recursive: true });
});

/** Where DRILL_SHOTS is a folder, what was seen is kept there. */
async function keep(name: string, base64: unknown): Promise<void> {
  if (!process.env.DRILL_SHOTS) return;
  mkdirSync(process.env.DRILL_SHOTS, { recursive: true });
  writeFileSync(join(process.env.DRILL_SHOTS, name), Buffer.from(String(base64), "base64"));
}

test("it renders without a word in the console, and asks for nothing but itself", async () => {
  assert.equal(await browser.evaluate("document.querySelectorAll('svg[role=img]').length"), 3);
  const said = browser.events.filter(({ method }) =>
    ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"].includes(method ?? ""),
  );
  assert.deepEqual(said, []);
  const asked = browser.events.flatMap(({ method, params }) =>
    method === "Network.requestWillBeSent" ? [(params as { request: { url: string } }).request.url] : [],
  );
  assert.deepEqual(
    asked.filter((url) => !url.startsWith("data:")),
    [pathToFileURL(page).href],
  );
});

for (const width of [1280, 400]) {
  describe(`${width} pixels wide`, () => {
    before(() => browser.width(width));

    test("nothing leads out of the screen", async () => {
      assert.equal(await browser.evaluate("document.documentElement.scrollWidth"), width);
      const out = await browser.evaluate<string[]>(`[...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > ${width} + 0.5 || one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline" && !(one instanceof SVGElement))
        .map((one) => one.tagName + " " + one.textContent.slice(0, 40))`);
      assert.deepEqual(out, []);
      const { data } = await browser.send("Page.captureScreenshot", { captureBeyondViewport: true });
      await keep(`${width}.png`, data);
    });

    test("text is large enough to read, and none of a picture's lies upon another", async () => {
      const sizes = await browser.evaluate<number[]>(`[...document.querySelectorAll("body *")]
        .filter((one) => one.textContent.trim() !== "")
        .map((one) => parseFloat(getComputedStyle(one).fontSize))`);
      assert.ok(Math.min(...sizes) >= 12, `${Math.min(...sizes)} px`);
      const shown = await browser.evaluate<string>("getComputedStyle(document.querySelector('#verdict')).display");
      assert.notEqual(shown, "none");
      const upon = await browser.evaluate<string[]>(`[...document.querySelectorAll("svg[role=img]")].flatMap((svg) => {
        const boxes = [...svg.querySelectorAll("text")].map((one) => [one.textContent, one.getBoundingClientRect()]);
        return boxes.flatMap(([x, one], n) => boxes.slice(n + 1)
          .filter(([, two]) => one.left < two.right && two.left < one.right && one.top + 2 < two.bottom && two.top + 2 < one.bottom)
          .map(([y]) => x + " / " + y));
      })`);
      assert.deepEqual(upon, []);
    });
  });
}

test("printed it is a few pages of A4, as wide as the paper", async () => {
  await browser.send("Emulation.clearDeviceMetricsOverride");
  const { data } = await browser.send("Page.printToPDF", {
    printBackground: true,
    paperWidth: 8.27,
    paperHeight: 11.69,
  });
  const pdf = Buffer.from(String(data), "base64");
  assert.equal(pdf.subarray(0, 5).toString("latin1"), "%PDF-");
  const pages = pdf.toString("latin1").match(/\/Type \/Page\b/g)?.length ?? 0;
  assert.ok(pages >= 1 && pages <= 8, `${pages} pages`);
  await keep("page.pdf", data);
});
