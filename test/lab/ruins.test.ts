/** Whatever dies, `down` clears it. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { registry } from "../../lab/state.ts";
import { footprint, leftOf } from "../support/footprint.ts";
import { Lab, labCommand } from "../support/lab.ts";

describe("a lab whose processes are killed one by one", () => {
  const lab = new Lab("tk");
  after(() => lab.run("down"));

  test("leaves nothing behind after down, twice", async () => {
    await lab.run("up", "--engine", "inline");
    const own = footprint(lab.name);
    const pids = join(".lab", lab.name, "pids");
    const files = readdirSync(pids);
    assert.ok(files.length >= 3, `the daemon and two machines: ${files}`);
    for (const file of files) {
      try {
        process.kill(Number(readFileSync(join(pids, file), "utf8").trim()), "SIGKILL");
      } catch (error) {
        // One that ended by itself when another was killed.
        assert.equal((error as NodeJS.ErrnoException).code, "ESRCH");
      }
    }
    await lab.run("down");
    assert.deepEqual(leftOf(own), []);
    await lab.run("down");
    assert.deepEqual(leftOf(own), []);
  });

  test("is cleared by the next up, which makes a new one", async () => {
    await lab.run("up", "--engine", "inline");
    process.kill(Number(readFileSync(join(".lab", lab.name, "pids", "daemon.pid"), "utf8")), "SIGKILL");
    const text = await lab.run("up");
    assert.match(text, /has died; clearing/);
    await lab.converged();
  });
});

describe("a lab of the same name in another checkout", () => {
  const lab = new Lab("tk");
  const claim = join(registry, "6");
  const claimFor = (pid: number) => {
    mkdirSync(registry, { recursive: true });
    writeFileSync(claim, `${lab.name} ${pid} /nowhere/.lab/${lab.name}`);
  };
  const namespaces = () => execFileSync("ip", ["netns", "list"], { encoding: "utf8" });
  after(async () => {
    rmSync(claim, { force: true });
    await lab.run("down");
  });

  test("keeps its name and its network while it lives, whatever is typed here", async () => {
    execFileSync("ip", ["netns", "add", `${lab.name}-r9`]);
    claimFor(process.pid);
    assert.match(await lab.refused("up", "--engine", "inline"), /already runs on this machine, from \/nowhere/);
    assert.match(await lab.run("down"), /runs from \/nowhere/);
    assert.match(namespaces(), new RegExp(`${lab.name}-r9`));
    assert.ok(existsSync(claim));
  });

  test("keeps the cached node image, from which its machines run", () => {
    const cache = mkdtempSync(join(tmpdir(), "cache-"));
    const image = join(cache, "keepalived-cluster", "image");
    mkdirSync(image, { recursive: true });
    const { stdout } = spawnSync(process.execPath, labCommand(["down", "--purge"]), {
      env: { ...process.env, LAB_NAME: "tkp", XDG_CACHE_HOME: cache },
      encoding: "utf8",
    });
    assert.match(stdout, /The cached node image stays: .*"tk" \(\/nowhere/);
    assert.ok(existsSync(image));
    rmSync(cache, { recursive: true });
  });

  test("is cleared by the next up here when it has died", async () => {
    claimFor(spawnSync("true").pid);
    assert.match(await lab.run("cloud"), /has died in \/nowhere/);
    assert.doesNotMatch(namespaces(), new RegExp(`${lab.name}-r9`));
  });
});
