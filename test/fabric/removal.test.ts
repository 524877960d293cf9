import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ensureImage, removeFabric } from "../../lab/fabric/index.ts";
import { cacheDir } from "../../lab/state.ts";
import { eips, kernelState, port, testFabric, vpc } from "./support.ts";

/** Nothing more and nothing less; but a lock of nspawn's may be another lab's, whose machine goes meanwhile. */
function assertAsBefore(now: string[], before: string[]): void {
  const others = before.filter((line) => line.startsWith("/run/systemd/nspawn/") && !now.includes(line));
  assert.deepEqual([...now, ...others].sort(), before);
}

describe("down", () => {
  it("leaves the machine as it was, and may be called twice", async () => {
    const before = await kernelState("none");
    const lab = await testFabric();
    const view = vpc([port("ins-a", 10), port("ins-b", 11)], {
      publicAddresses: [{ publicIp: eips[0], privateIp: "10.77.1.10" }],
    });
    await lab.fabric.apply([view, { ...view, vpcId: "vpc-2", ports: [], publicAddresses: [] }]);
    assert.ok((await kernelState(lab.name)).length > before.length, "the comparison sees a lab that is up");
    await lab.fabric.down();
    await lab.remove();
    assertAsBefore(await kernelState(lab.name), before);
  });

  it("clears what a killed lab left, by its name alone: machine, disk, cgroup, network", {
    timeout: 600_000,
  }, async () => {
    await ensureImage({ cacheDir: cacheDir(), log: console.log });
    const before = await kernelState("none");
    const name = `t${process.pid.toString(36)}x`;
    const dir = mkdtempSync(join(tmpdir(), `fabric-${name}-`));
    const child = spawn(process.execPath, [join(import.meta.dirname, "crash.ts"), name, dir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [said] = (await once(child.stdout, "data")) as [Buffer];
      assert.match(said.toString(), /running/);
      child.kill("SIGKILL");
      await once(child, "exit");
      assert.notDeepEqual(await kernelState(name), before, "the machine outlives its lab's process");
    } finally {
      child.kill("SIGKILL");
      await removeFabric(name, dir);
    }
    await removeFabric(name, dir);
    assertAsBefore(await kernelState(name), before);
    rmSync(dir, { recursive: true });
  });
});
