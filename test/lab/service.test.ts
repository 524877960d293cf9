/** The user's service on real nodes: its health moves the VIP, its scripts follow it, its URL hears of it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../lab/pair/status.ts";
import { labPaths } from "../../lab/state.ts";
import { Lab, until } from "../support/lab.ts";

type Node = "a" | "b";
interface Post {
  event: string;
  node: Node;
  move?: { id: string; from: string; to: string };
  trouble?: { what: string };
}

const port = 8099;
const other = (node: Node): Node => (node === "a" ? "b" : "a");
const unit = "say-name.service";

describe("a pair that watches the user's service", () => {
  const lab = new Lab("tu");
  const hooks = mkdtempSync(join(tmpdir(), "hooks-"));
  const posts: Post[] = [];
  let receiver: ChildProcess;

  /** Starts a server in the VPC's client and gives its URL, once it listens. */
  async function receive(): Promise<string> {
    const namespace = await lab.namespace("vpc");
    const address = /inet ([\d.]+)\//.exec(await lab.run("client", "vpc", "ip", "-4", "addr", "show", "eth0"))?.[1];
    const argv = ["netns", "exec", namespace, "python3", "test/support/receiver.py", String(port)];
    receiver = spawn("ip", argv, { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise<void>((listening, failed) => {
      let tail = "";
      receiver.stdout?.on("data", (chunk: Buffer) => {
        const lines = (tail + chunk).split("\n");
        tail = lines.pop() ?? "";
        for (const line of lines) {
          if (line === "listening") listening();
          else posts.push(JSON.parse(line) as Post);
        }
      });
      receiver.once("exit", (code) => failed(new Error(`the receiver ended with ${code}`)));
    });
    return `http://${address}:${port}/hook/t0k3n`;
  }

  const onNode = (node: Node, command: string) => lab.run("ssh", node, command);
  const states = async (node: Node) => (await lab.on(node, "cat /root/states 2>/dev/null || :")).trim().split("\n");
  const ran = (node: Node, ...wanted: string[]) =>
    until(`node ${node} runs the scripts of ${wanted}`, async () => (await states(node)).join() === wanted.join());
  const stateOf = (status: Status, node: Node) => status.nodes.find(({ name }) => name === node)?.state;
  const moves = () => posts.flatMap(({ move }) => (move ? [move] : []));
  /** Troubles that were told, and not yet that they are over: a slow machine has some, which pass. */
  const open = () => {
    const found = new Set<Node>();
    for (const { event, node } of posts) {
      if (event === "trouble") found.add(node);
      if (event === "trouble-over") found.delete(node);
    }
    return found;
  };
  let first: Node;

  before(async () => {
    for (const state of ["active", "standby"]) {
      mkdirSync(join(hooks, state));
      const script = '#!/bin/sh\necho "$KEEPALIVED_STATE" >>/root/states\n';
      writeFileSync(join(hooks, state, "10-tell"), script);
    }
    await lab.run("up", "--engine", "inline");
    const url = await receive();
    const sets = [`healthCheck.process=${unit}`, "healthCheck.interval=1", `hooksDir=${hooks}`, `notifyUrl=${url}`];
    await lab.run("up", ...sets.flatMap((set) => ["--set", set]));
    first = lab.master(await lab.converged());
  });
  after(async () => {
    receiver?.kill();
    rmSync(hooks, { recursive: true });
    await lab.run("down");
  });

  test("each node has run the scripts of what it is", async () => {
    await ran(first, "active");
    await ran(other(first), "standby");
  });

  test("a check that fails on a node in service is refused, and nothing changes", async () => {
    const text = await lab.refused("up", "--set", "healthCheck.process=mistyped.service");
    assert.match(text, /healthCheck fails on this node.*: process mistyped\.service: the unit is inactive/);
    assert.match(text, /nothing was changed/);
    assert.equal(lab.master(await lab.converged()), first);
  });

  test("the death of its process moves the VIP, and the node is the standby once the process is back", async () => {
    await onNode(first, `systemctl kill -s KILL ${unit}`);
    const status = await lab.until(
      (now) => now.converged && lab.master(now) === other(first) && stateOf(now, first) === "BACKUP",
      "the other node serves and the first is its standby",
    );
    assert.equal(status.vips[0]?.cloudHolder, other(first));
    await ran(first, "active", "standby");
    await ran(other(first), "standby", "active");
  });

  test("that move was told once, with its direction", async () => {
    await until("a POST", () => moves().length > 0);
    assert.deepEqual(
      moves().map(({ from, to }) => [from, to]),
      [[first, other(first)]],
    );
  });

  test("failing on both, no node is MASTER, the VIP stays, and who recovers first takes it", async () => {
    const holder = other(first);
    // The standby first: with the other order the VIP would move in between.
    for (const node of [first, holder]) await onNode(node, `systemctl stop ${unit}`);
    await lab.until((now) => now.nodes.every(({ state }) => state === "FAULT"), "both nodes are in FAULT");
    assert.equal(await lab.holder(), holder);
    await onNode(first, `systemctl start ${unit}`);
    const status = await lab.until((now) => now.converged, "the recovered node serves");
    assert.deepEqual([lab.master(status), stateOf(status, holder)], [first, "FAULT"]);
    await ran(first, "active", "standby", "active");
    await onNode(holder, `systemctl start ${unit}`);
    await lab.until((now) => now.converged && stateOf(now, holder) === "BACKUP", "the other is its standby");
    await until("a POST for the second move", () => moves().length === 2);
    const [, second] = moves();
    assert.deepEqual([second?.from, second?.to], [holder, first]);
    await until("every trouble that was told is told to be over", () => open().size === 0);
  });

  test("a dead checking service keeps the VIP where it is", async () => {
    const pid = () => onNode(first, "systemctl show -p MainPID --value keepalived-vip-health");
    const before_ = await pid();
    await onNode(first, "systemctl kill -s KILL keepalived-vip-health");
    await until("it runs again", async () => ![before_, "0\n"].includes(await pid()));
    assert.equal(lab.master(await lab.converged()), first);
  });

  test("the URL is in no log, status or list of processes, nor in the engine's record of what it made", async () => {
    assert.doesNotMatch(readFileSync(labPaths(lab.name).inlineState, "utf8"), /t0k3n/);
    for (const node of ["a", "b"] as const) {
      const text = await onNode(
        node,
        "journalctl -o cat; cat /var/log/keepalived.log /run/keepalived-vip/*.json; ps axww; ls -l /etc/keepalived/notify_url",
      );
      assert.doesNotMatch(text, /t0k3n/);
      assert.match(text, /^-rw------- 1 root root .* \/etc\/keepalived\/notify_url$/m);
    }
  });

  test("without all of it, nothing of it is left on the nodes", async () => {
    const sets = ["healthCheck={}", "hooksDir=", "notifyUrl="];
    await lab.run("up", ...sets.flatMap((set) => ["--set", set]));
    const left = await onNode(
      first,
      "find /etc/keepalived /etc/systemd -name '*health*' -o -name '*hooks*.service' -o -name 10-tell -o -name notify_url; systemctl is-active keepalived-vip-health || :",
    );
    assert.equal(left.trim(), "/etc/keepalived/keepalived_vip/user/health.py\ninactive");
  });
});
