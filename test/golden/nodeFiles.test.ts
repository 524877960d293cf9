import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { modes, type NodeFile, nodeNames, type PairSettings } from "../../render/model.ts";
import { renderCloud, renderNode, renderStatic } from "../../render/render.ts";
import { bareSettingsFor, cloudIds, settingsFor } from "./pair.ts";

const expectedRoot = fileURLToPath(new URL("expected/", import.meta.url));
const templatesRoot = fileURLToPath(new URL("../../templates/", import.meta.url));

/** Files that are no copy of a template: what the generator really wrote. `UPDATE_GOLDEN=1` rewrites them. */
const isRendered = (file: NodeFile): boolean => !existsSync(join(templatesRoot, file.path));

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => `/${name}`)
    .sort();
}

for (const mode of modes) {
  for (const node of nodeNames) {
    describe(`${mode}, node ${node}`, () => {
      const files = renderNode(settingsFor(mode), cloudIds, node);
      const golden = join(expectedRoot, mode, node);
      const rendered = files.filter(isRendered);

      test("rendered files are those under expected/, byte for byte", () => {
        if (process.env.UPDATE_GOLDEN === "1") {
          rmSync(golden, { recursive: true, force: true });
          for (const file of rendered) {
            mkdirSync(dirname(join(golden, file.path)), { recursive: true });
            writeFileSync(join(golden, file.path), file.content);
          }
        }
        for (const file of rendered) {
          assert.equal(file.content, readFileSync(join(golden, file.path), "utf8"), file.path);
        }
        assert.deepEqual(
          filesBelow(golden),
          rendered.map((file) => file.path),
        );
      });
    });
  }
}

describe("the set of files", () => {
  const settings = settingsFor("stable");
  const files = renderNode(settings, cloudIds, "a");

  const pathsOf = (given: typeof files) => given.map(({ path }) => path);

  test("has each path once, sorted", () => {
    assert.deepEqual(pathsOf(files), [...new Set(pathsOf(files))].sort());
  });

  test("has what is for the user's own service only where there is something to do", () => {
    const bare = pathsOf(renderNode(bareSettingsFor("stable"), cloudIds, "a"));
    assert.deepEqual(
      pathsOf(files).filter((path) => !bare.includes(path)),
      [
        "/etc/keepalived/hooks/active/10-promote",
        "/etc/keepalived/hooks/standby/10-demote",
        "/etc/keepalived/notify_url",
        "/etc/systemd/system/keepalived-vip-health.service",
        "/etc/systemd/system/keepalived-vip-hooks.service",
      ],
    );
    assert.ok(bare.every((path) => pathsOf(files).includes(path)));
  });

  test("has the notifyUrl and what a robot's messages are signed with in one secret file alone", () => {
    const { notifyUrl, notifySecret } = settings;
    const secret = files.filter((file) => file.secrets);
    assert.deepEqual(
      secret.map(({ path, mode, content }) => [path, mode, content]),
      [["/etc/keepalived/notify_url", "0600", `${notifyUrl}\ndingtalk\n${notifySecret}\n`]],
    );
    for (const file of files) {
      for (const text of [notifyUrl, notifySecret]) {
        assert.equal(file.content.includes(text ?? ""), file.secrets !== undefined, file.path);
      }
    }
  });

  test("is what it was before there were formats, for a stack without one", () => {
    const told: PairSettings = { ...bareSettingsFor("stable"), notifyUrl: "https://hooks.example/TopSecret" };
    const [file, ...others] = renderStatic(told, "a").filter(({ secrets }) => secrets);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [file?.content, file?.secrets],
      ["https://hooks.example/TopSecret\n", ["https://hooks.example/TopSecret"]],
    );
    const robot = renderStatic({ ...told, notifyFormat: "wecom" }, "a").find(({ secrets }) => secrets);
    assert.equal(robot?.content, "https://hooks.example/TopSecret\nwecom\n");
  });

  test("is the static files, known in a first preview, and those with ids of the cloud's", () => {
    const parts = [...renderStatic(settings, "a"), ...renderCloud(settings, cloudIds, "a")];
    assert.deepEqual(new Set(parts), new Set(files));
    for (const file of renderStatic(settings, "a")) {
      for (const id of [cloudIds.eniIds.a, cloudIds.eniMacs.a, "eip-cccccccc"])
        assert.ok(!file.content.includes(id), file.path);
    }
  });

  test("gives each file the mode by which it can run, and no more", () => {
    const modeOf = Object.fromEntries(files.map((file) => [file.path, file.mode]));
    for (const file of files) {
      const starts = file.content.startsWith("#!");
      const closed = file.secrets || file.path.endsWith("/vip.json");
      assert.equal(file.mode, closed ? "0600" : starts ? "0755" : "0644", file.path);
      assert.equal(file.owner, "root:root");
    }
    assert.equal(modeOf["/etc/keepalived/notify_action.sh"], "0755");
    assert.equal(modeOf["/etc/keepalived/vip.py"], "0755");
  });

  test("has only Unix line ends, a last newline and names that a tar header and a shell list can hold", () => {
    for (const file of files) {
      assert.ok(!file.content.includes("\r"), file.path);
      assert.ok(file.content === "" || file.content.endsWith("\n"), file.path);
      assert.match(file.path, /^\/etc\/[\w./-]{1,90}$/);
    }
  });

  test("holds everything that units and configuration call", () => {
    const paths = new Set(pathsOf(files));
    for (const file of files) {
      for (const [called] of file.content.matchAll(/\/etc\/keepalived\/\w+\.(?:sh|py)/g)) {
        assert.ok(paths.has(called), `${file.path} names ${called}`);
      }
    }
  });
});

describe("plan", () => {
  const confOf = (mode: (typeof modes)[number], node: "a" | "b", preemptDelayS = 45): string =>
    renderStatic({ ...settingsFor(mode), preemptDelayS }, node).find((file) => file.path.endsWith("/keepalived.conf"))!
      .content;
  const lines = (text: string): string[] =>
    text
      .split("\n")
      .map((line) => line.replace(/#.*/, "").trim())
      .filter((line) => /^(state|priority|nopreempt|preempt_delay)\b/.test(line));

  test("stable: both nodes equal, neither preempts", () => {
    for (const node of nodeNames) {
      assert.deepEqual(lines(confOf("stable", node)), ["state BACKUP", "priority 250", "nopreempt"]);
    }
  });

  test("standing-master: the preferred node wins, after its delay; the other never waits", () => {
    assert.deepEqual(lines(confOf("standing-master", "b")), ["state BACKUP", "priority 250", "preempt_delay 45"]);
    assert.deepEqual(lines(confOf("standing-master", "a")), ["state BACKUP", "priority 220"]);
  });

  test("a delay of 0 is said, not left out", () => {
    assert.ok(lines(confOf("standing-master", "b", 0)).includes("preempt_delay 0"));
  });
});
