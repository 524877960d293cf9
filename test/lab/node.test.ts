/** What real nodes tell of themselves: to people, to monitoring, and before anything has gone wrong. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { connect } from "../../lab/engine/client.ts";
import { Pinger } from "../../lab/pair/pinger.ts";
import { labPaths, readConfig } from "../../lab/state.ts";
import { Lab, until } from "../support/lab.ts";
import { traces } from "./moves/keptLab.ts";

type Node = "a" | "b";

interface SelfTest {
  passed: boolean;
  checks: { name: string; result: "pass" | "fail" | "unknown"; found: string; cure: string | null }[];
}

describe("a node", () => {
  const lab = new Lab("tn");
  before(() => lab.run("up", "--engine", "inline"));
  after(() => lab.run("down"));

  const on = async (node: Node, command: string) => (await lab.run("ssh", node, command)).trim();
  const vip = async <T>(node: Node, verb: string) =>
    JSON.parse(await on(node, `/etc/keepalived/vip.py ${verb} --json || true`)) as T;
  const notPassed = async (node: Node) =>
    (await vip<SelfTest>(node, "self-test")).checks.filter(({ result }) => result !== "pass");
  const migrations = () =>
    readFileSync(labPaths(lab.name).journal, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { action: string; result: string; requestId: string })
      .filter(({ action }) => action === "MigratePrivateIpAddress");
  /** A sample of the metrics file, without labels. */
  const metric = async (node: Node, name: string) =>
    Number(await on(node, `sed -n 's/^keepalived_vip_${name} //p' /run/keepalived-vip/keepalived_vip.prom`));

  test("has every prerequisite, and asking for them moves nothing", async () => {
    const serving = lab.master(await lab.converged());
    const accepted = () => migrations().filter(({ result }) => result === "ok").length;
    const before_ = accepted();
    for (const node of ["a", "b"] as const) assert.deepEqual(await notPassed(node), []);
    assert.equal(accepted(), before_);
    assert.equal(await lab.holder(), serving);
  });

  test("has nothing of keepConnections, which is off: no file, no tunnel, no rule, no table", async () => {
    for (const node of ["a", "b"] as const) {
      assert.equal(await on(node, traces), "");
      assert.equal(
        await on(
          node,
          "cat /run/keepalived-vip/status.json /run/keepalived-vip/*.prom | grep -v ^# | grep connections || true",
        ),
        "",
      );
    }
  });

  test("finds out that its role may not move the VIP, before it has to", async () => {
    const config = readConfig(lab.name);
    assert.ok(config);
    const call = connect({ ...config, port: config.apiPort });
    const attached = (await call("cam", "ListAttachedRolePolicies", {
      RoleName: "keepalived-cluster-tn",
      Page: 1,
      Rp: 10,
    })) as { List: { PolicyId: number }[] };
    const PolicyId = attached.List[0]?.PolicyId;
    const { PolicyDocument } = (await call("cam", "GetPolicy", { PolicyId })) as { PolicyDocument: string };
    const without = PolicyDocument.replace("vpc:MigratePrivateIpAddress", "vpc:DescribeVpcs");
    assert.notEqual(without, PolicyDocument);
    // A policy takes effect some seconds after it was changed.
    await call("cam", "UpdatePolicy", { PolicyId, PolicyDocument: without });
    await until("the self-test tells of it", async () => (await notPassed("b")).length > 0);
    const [problem, ...others] = await notPassed("b");
    assert.deepEqual([problem?.name, problem?.result, others], ["permission", "fail", []]);
    assert.match(problem?.found ?? "", /^UnauthorizedOperation: /);
    await call("cam", "UpdatePolicy", { PolicyId, PolicyDocument });
    await until("the role may move the VIP again", async () => (await notPassed("b")).length === 0);
  });

  test("tells on the MASTER that the standby's keepalived does not run", async () => {
    await lab.makeMaster("a");
    await on("b", "systemctl stop keepalived");
    const [problem, ...others] = await notPassed("a");
    assert.deepEqual([problem?.name, others], ["adverts", []]);
    assert.match(problem?.found ?? "", /keepalived does not run there/);
    assert.equal(await metric("b", "up"), 1);
    await until("the metrics tell of a dead keepalived", async () => (await metric("b", "keepalived_up")) === 0);
    await on("b", "systemctl start keepalived");
    await lab.converged();
  });

  test("tells of a move with the cloud's own id of it, also after a reboot", async () => {
    await lab.makeMaster("b");
    interface Told {
      healthy: boolean;
      moves: { requestId: string }[];
    }
    const told = await vip<Told>("b", "status");
    assert.equal(told.healthy, true);
    assert.equal(told.moves[0]?.requestId, migrations().findLast(({ result }) => result === "ok")?.requestId);
    await lab.run("fail", "b", "--how", "power");
    await lab.run("heal");
    assert.deepEqual((await vip<Told>("b", "status")).moves, told.moves);
  });

  test("says in its metrics that the service is dead, for as long as it is", async () => {
    await on("a", "systemctl kill -s KILL keepalived-vip; systemctl stop keepalived-vip");
    assert.equal(await metric("a", "up"), 0);
    await on("a", "systemctl start keepalived-vip");
    await until("the metrics tell of a service that runs", async () => (await metric("a", "up")) === 1);
  });

  test("tells what was changed by hand; a repair puts it back and loses no reply, and then nothing is left to do", async () => {
    await lab.makeMaster("a");
    await on(
      "a",
      "chmod 777 /etc/keepalived/vip.py; rm /etc/logrotate.d/keepalived-vip; systemctl disable keepalived-vip",
    );
    const edit = "sed -i s/BACKUP/MASTER/ /etc/keepalived/keepalived.conf; systemctl mask keepalived";
    await on("b", `rm /usr/sbin/keepalived; ${edit}`);
    const [onA, onB] = [await notPassed("a"), await notPassed("b")];
    assert.deepEqual(
      onA.map(({ name }) => name),
      ["files", "services"],
    );
    assert.match(onA[0]?.found ?? "", /vip\.py: mode 0777, not 0755; \/etc\/logrotate\.d\/keepalived-vip: missing$/);
    assert.deepEqual(
      onB.map(({ name }) => name),
      ["files", "keepalived", "services"],
    );
    assert.match(onB[0]?.found ?? "", /keepalived\.conf: changed$/);
    for (const { cure } of onB) assert.match(cure ?? "", /npm run up -- --repair/);
    assert.match(await lab.run("up"), /Nothing had to change/, "up does not look");

    const pinger = new Pinger(await lab.namespace("vpc"), "10.0.1.100");
    await pinger.first();
    await lab.run("up", "--repair");
    const { lost, sent, longestGapMs } = await pinger.stop();
    assert.equal(lost, 0, `lost ${lost} of ${sent}, longest gap ${longestGapMs} ms`);
    assert.equal(lab.master(await lab.converged()), "a");
    for (const node of ["a", "b"] as const) assert.deepEqual(await notPassed(node), []);
    assert.match(await lab.run("up"), /Nothing had to change/);
  });

  test("needs at most 12 MiB for the service", async () => {
    for (const node of ["a", "b"] as const) {
      const pid = "$(systemctl show -p MainPID --value keepalived-vip)";
      const kib = Number(await on(node, `sed -n 's/^RssAnon:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/${pid}/status`));
      assert.ok(kib > 1000 && kib <= 12 * 1024, `${kib} KiB on ${node}`);
    }
  });
});
