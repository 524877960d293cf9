/** `npm run check`: what can be said about the code without running it. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkPackages, ensureHostPackages, hostProblem } from "../lab/host.ts";
import { circles, pythonImports, typescriptImports } from "./imports.ts";

interface Check {
  name: string;
  /** Problems, one line each; empty when all is well. */
  find(): string[];
}

/** Runs a tool; its output is the problem when it fails. A missing tool is a problem too, never a pass. */
function tool(command: string, args: string[], missing: string): string[] {
  const result = spawnSync(command, args, { encoding: "utf8" });
  if (result.error) return [`${command} could not be started (${missing})`];
  return result.status === 0 ? [] : `${result.stdout}${result.stderr}`.trim().split("\n");
}

const shellFiles = () =>
  globSync(["scripts/*.sh", ".ci/run", "templates/**/*.sh", "push/node/*", "lab/**/*.sh"]).sort();
const pythonFiles = () => globSync(["templates/**/*.py", "lab/**/*.py", "cli/**/*.py"]).sort();
/** Every file of a kind that is the project's own. */
const own = (ext: "ts" | "py") => globSync(`**/*.${ext}`, { exclude: ["sdks", "node_modules", ".*", "out"] }).sort();

const onNode = (place: string) => new RegExp(`^templates/etc/keepalived/keepalived_vip/${place}`);

/** Which folder may import which, from the design: an entry names what a file in that place may reach. */
const directions: { from: RegExp; may: RegExp }[] = [
  { from: /^render\//, may: /^(render\/|handlebars$|node:)/ },
  { from: /^push\//, may: /^(push\/|node:)/ },
  { from: /^components\//, may: /^(components\/|render\/|push\/|@pulumi\/|node:)/ },
  { from: /^config\//, may: /^(config\/|render\/|zod$|@pulumi\/pulumi$|node:)/ },
  { from: /^index\.ts$/, may: /^(config\/|components\/|@pulumi\/pulumi$)/ },
  { from: /^lab\/cloud\/account\//, may: /^(lab\/cloud\/account\/|lab\/dataplane\.ts$|render\/ipv4\.ts$|node:)/ },
  { from: /^lab\/cloud\/wire\//, may: /^(lab\/cloud\/(account|wire)\/|render\/ipv4\.ts$|node:)/ },
  { from: /^lab\/cloud\/vpc\//, may: /^(lab\/cloud\/(account|vpc)\/|lab\/dataplane\.ts$|render\/ipv4\.ts$|node:)/ },
  { from: /^lab\/cloud\/cvm\//, may: /^(lab\/cloud\/(account|vpc|cvm)\/|render\/ipv4\.ts$|node:)/ },
  { from: /^lab\/cloud\/cam\//, may: /^(lab\/cloud\/(account|cam)\/|node:)/ },
  { from: /^lab\/cloud\/tag\//, may: /^(lab\/cloud\/(account|tag)\/|node:)/ },
  { from: /^lab\/cloud\//, may: /^(lab\/cloud\/|lab\/dataplane\.ts$|node:)/ },
  { from: /^lab\/fabric\//, may: /^(lab\/fabric\/|lab\/dataplane\.ts|render\/ipv4\.ts$|dns-packet$|node:)/ },
  {
    from: /^lab\/survey\//,
    may: /^(lab\/survey\/|terminal\/|lab\/cloud\/account\/behaviour\/switches\.ts$|lab\/state\.ts$|tencentcloud-sdk-nodejs\/|node:)/,
  },
  {
    from: /^lab\//,
    may: /^(lab\/|terminal\/|picture\/|index\.ts$|config\/|@pulumi\/pulumi|tencentcloud-sdk-nodejs|yaml$|node:)/,
  },
  { from: /^terminal\//, may: /^(terminal\/|@inquirer\/|cli-table3$|yocto-spinner$|node:)/ },
  { from: /^cli\//, may: /^(cli\/|terminal\/|render\/|config\/|@pulumi\/pulumi\/automation\/|handlebars$|zod$|node:)/ },
  { from: /^monitoring\//, may: /^(monitoring\/|@grafana\/|yaml$|node:)/ },
  { from: /^picture\//, may: /^(picture\/|node:)/ },
  {
    from: /^scripts\//,
    may: /^(scripts\/|terminal\/|picture\/|lab\/(bench\/svg|monitor\/(panels|picture))\.ts$|node:)/,
  },
  { from: /^test\//, may: /./ },
  // The node's runtime. Of imports in Python only those of the project's own files are known here.
  { from: onNode("cloud/"), may: onNode("(cloud/|[^/]+$)") },
  { from: onNode("agent/policy/"), may: onNode("agent/policy/") },
  { from: onNode("agent/node/"), may: onNode("(agent/(policy|node)/|[^/]+$)") },
  { from: onNode("agent/vip/"), may: onNode("(agent/(policy|node|vip)/|cloud/|[^/]+$)") },
  { from: onNode("agent/"), may: onNode("(agent/|cloud/|[^/]+$)") },
  { from: onNode("user/"), may: onNode("(user/|agent/|[^/]+$)") },
  { from: onNode("operator/"), may: onNode("") },
  { from: onNode("[^/]+$"), may: onNode("[^/]+$") },
  { from: /^templates\/etc\/keepalived\/[^/]+\.py$/, may: onNode("") },
];

function wrongDirections(): string[] {
  return [...typescriptImports(own("ts")), ...pythonImports(own("py"))].flatMap(([file, targets]) => {
    const rule = directions.find(({ from }) => from.test(file));
    if (!rule) return [`${file} is in no folder of the design's; name it and its directions in test/check.ts`];
    return targets
      .filter((target) => !rule.may.test(target))
      .map((target) => `${file} imports ${target}, which the design's directions do not allow`);
  });
}

const importCircles = (): string[] =>
  [typescriptImports(own("ts")), pythonImports(own("py"))]
    .flatMap(circles)
    .map((files) => `${files.join(", ")} import each other in a circle`);

function tooLong(): string[] {
  const lines = (file: string) => readFileSync(file, "utf8").split("\n").length - 1;
  const problems = lines("index.ts") >= 60 ? [`index.ts has ${lines("index.ts")} lines; it stays under 60`] : [];
  for (const file of globSync("lab/engine/resources/*.ts").filter((file) => lines(file) >= 300)) {
    problems.push(`${file} has ${lines(file)} lines; each service's part of the inline engine's table stays under 300`);
  }
  return problems;
}

const python36 = "import ast,sys\nfor f in sys.argv[1:]: ast.parse(open(f).read(), f, feature_version=(3,6))";

const checks: Check[] = [
  { name: "types (tsc)", find: () => tool("tsc", ["--noEmit"], "npm ci") },
  { name: "lint and format (biome)", find: () => tool("biome", ["check", "--error-on-warnings", "."], "npm ci") },
  {
    name: "shell (shellcheck)",
    find: () => tool("shellcheck", ["--shell=sh", ...shellFiles()], "apt-get install shellcheck"),
  },
  {
    name: "Python (ruff)",
    find: () => tool("ruff", ["check", "templates", "test", "lab", "cli"], "npm run check installs it"),
  },
  {
    name: "Python 3.6 syntax",
    find: () => tool("python3", ["-c", python36, ...pythonFiles()], "apt-get install python3"),
  },
  { name: "dependency directions", find: wrongDirections },
  { name: "no circle of imports", find: importCircles },
  { name: "sizes", find: tooLong },
];

/** ruff comes from pip, pinned, into the user's own folder of the project. */
function ensureRuff(): void {
  process.env.PATH = `${join(process.cwd(), "node_modules/.ruff/bin")}:${process.env.PATH ?? ""}`;
  if (spawnSync("ruff", ["--version"]).status === 0) return;
  console.log("Installing ruff ...");
  spawnSync("python3", ["-m", "pip", "install", "-q", "--target", "node_modules/.ruff", "ruff==0.17.6"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Runs every check and prints a line for each. */
export async function runChecks(): Promise<{ passed: number; failed: number }> {
  ensureRuff();
  let failed = 0;
  for (const check of checks) {
    const problems = check.find();
    console.log(`${problems.length === 0 ? "✔" : "✖"} ${check.name}`);
    for (const problem of problems) console.log(`    ${problem}`);
    if (problems.length > 0) failed += 1;
  }
  return { passed: checks.length - failed, failed };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (hostProblem() === null) await ensureHostPackages(checkPackages());
  const { passed, failed } = await runChecks();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
