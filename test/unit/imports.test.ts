/** The check that finds circles of imports, on small trees that have them. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { circles, pythonImports, typescriptImports } from "../imports.ts";

/** Files with these texts; gives their paths, and takes them away with the test. */
function tree(t: TestContext, texts: Record<string, string>): { files: string[]; at: (name: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), "imports-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  }
  return { files: Object.keys(texts).map(at), at };
}

test("groups that reach each other are found once each, and what only leads into or out of them is not", () => {
  const imports = {
    in: ["a"],
    a: ["b", "node:fs"],
    b: ["c"],
    c: ["a", "out"],
    out: [],
    self: ["self"],
    x: ["y"],
    y: ["x"],
  };
  assert.deepEqual(circles(new Map(Object.entries(imports))), [["a", "b", "c"], ["self"], ["x", "y"]]);
  assert.deepEqual(
    circles(new Map(Object.entries({ top: ["left", "right"], left: ["end"], right: ["end"], end: [] }))),
    [],
  );
});

test("TypeScript: imports of values and of types, re-exports and those that run later", (t) => {
  const { files, at } = tree(t, {
    "a.ts": 'import type { B } from "./sub/b.ts";\nexport const a: B = 1;\n',
    "sub/b.ts": 'export * from "./c.ts";\n',
    "sub/c.ts": 'export type B = number;\nexport const later = () => import("../a.ts");\n',
    "d.ts": '// import "./a.ts"\nimport { a } from "./a.ts";\nimport "node:fs";\nconsole.log(a);\n',
  });
  const imports = typescriptImports(files);
  assert.deepEqual(imports.get(at("d.ts")), [at("a.ts"), "node:fs"]);
  assert.deepEqual(circles(imports), [[at("a.ts"), at("sub/b.ts"), at("sub/c.ts")]]);
});

test("Python: a package's modules by every spelling, and scripts beside each other", (t) => {
  const { files, at } = tree(t, {
    "start.py": "from pack.one import run\n",
    "pack/__init__.py": "",
    "pack/one.py": "from . import log\nfrom .sub import two\n\n\ndef run():\n    two.run()\n",
    "pack/log.py": "import os\n",
    "pack/sub/__init__.py": "",
    "pack/sub/two.py": "import pack.sub.three\n",
    "pack/sub/three.py": "def later():\n    from ..one import run\n    run()\n",
    "tests/log.py": "import help\n",
    "tests/help.py": "import log\nimport pack.log\n",
  });
  const imports = pythonImports(files);
  assert.deepEqual(imports.get(at("start.py")), [at("pack/one.py")]);
  assert.deepEqual(imports.get(at("pack/one.py")), [at("pack/log.py"), at("pack/sub/two.py")]);
  assert.deepEqual(imports.get(at("tests/help.py")), [at("tests/log.py"), at("pack/log.py")]);
  assert.deepEqual(circles(imports), [
    [at("pack/one.py"), at("pack/sub/three.py"), at("pack/sub/two.py")],
    [at("tests/help.py"), at("tests/log.py")],
  ]);
});
