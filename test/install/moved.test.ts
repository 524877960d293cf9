import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { test } from "node:test";
import type { NodeFile } from "../../render/model.ts";
import { bareNode, edited, original } from "./node.ts";

/** A runtime whose modules lie in one folder, in miniature: one of them has the name that is a folder's today. */
function flat(): NodeFile[] {
  const place = "/etc/keepalived/keepalived_vip/";
  const modules = {
    main: "def main(argv):\n    from keepalived_vip import mover\n    return 2 if argv == ['query'] else 0\n",
    mover: "from keepalived_vip import cloud\ncloud.Api, cloud.ApiError\n",
    cloud: "class Api: pass\nclass ApiError: pass\n",
  };
  const files = Object.entries(modules).map(([name, content]): NodeFile => {
    return { path: `${place}${name}.py`, mode: "0644", owner: "root:root", content };
  });
  const shared = original.filter(({ path }) => !path.startsWith(place) || !path.slice(place.length).includes("/"));
  const start = edited(shared, "/etc/keepalived/vip.py", (text) => text.replace("operator.main", "main"));
  return [...start, ...files];
}

test("files that move into folders: vip.py starts at every moment of the update, of one that is taken back, of the way back", async (t) => {
  const node = await bareNode(t);
  // With the cloud out of reach `query` gives 2; what cannot be imported gives 1.
  const looking = (command: string) => `#!/bin/sh
    ${command} "$@" || exit
    for path; do :; done
    case $path in
    *-new) ;;
    /etc/keepalived/vip.py | */keepalived_vip/cloud* | */keepalived_vip/operator/m*)
      said=$(/etc/keepalived/vip.py query 2>&1)
      echo "$? $path $said" | tr "\\n" " " >>/stub/looks
      echo >>/stub/looks ;;
    esac\n`;
  const looks = (): string[] => {
    const lines = readFileSync(node.at("/stub/looks"), "utf8").trimEnd().split("\n");
    rmSync(node.at("/stub/looks"));
    return lines;
  };
  node.firstInstall(flat());
  for (const name of ["mv", "rm"])
    node.write({ path: `/stub/bin/${name}`, mode: "0755", content: looking(`/bin/${name}`) });
  node.write({ path: "/stub/fail/keepalived-vip", mode: "0644", content: "fault\n" });
  for (const [files, status] of [
    [original, 1],
    [original, 0],
    [flat(), 0],
  ] as const) {
    assert.equal(node.install(files).status, status);
    const seen = looks();
    assert.ok(seen.length > 5, `${seen.length} looks`);
    assert.deepEqual(
      seen.filter((line) => !line.startsWith("2 ")),
      [],
    );
    node.has(status === 0 ? files : flat());
    const compiled = node.run("find /etc/keepalived/keepalived_vip -name '*.pyc'").stdout.trimEnd().split("\n");
    const sources = compiled.map((path) => path.replace("__pycache__/", "").replace(/\.[^/]*$/, ".py"));
    assert.ok(sources.length > 5, `${sources.length} compiled`);
    assert.deepEqual(
      sources.filter((path) => !existsSync(node.at(path))),
      [],
    );
  }
});
