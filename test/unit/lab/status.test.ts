import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, type PairFacts, screen } from "../../../lab/pair/status.ts";

const healthy: PairFacts = {
  pair: "keepalived-cluster-lab",
  mode: "stable",
  preferredNode: "a",
  vip: "10.0.1.100",
  publicIp: "203.0.113.9",
  cloudHolder: "b",
  nodes: (["a", "b"] as const).map((name) => ({
    name,
    instanceId: `ins-${name}`,
    eniId: `eni-${name}`,
    address: name === "a" ? "10.0.1.16" : "10.0.1.17",
    publicIp: "203.0.113.1",
    state: name === "b" ? "MASTER" : "BACKUP",
    since: 1,
    vipOnNic: name === "b",
    maintenance: false,
  })),
  answers: [
    { client: "vpc", target: "10.0.1.100", answer: "b" },
    { client: "internet", target: "203.0.113.9", answer: "b" },
  ],
};
const node = (facts: PairFacts, name: "a" | "b") => facts.nodes.find((item) => item.name === name)!;
const broken = (change: (facts: PairFacts) => void) => {
  const facts = structuredClone(healthy);
  change(facts);
  return judge("inline", facts);
};

test("a pair with the VIP on its one MASTER, everywhere, is converged", () => {
  assert.deepEqual(judge("inline", healthy).why, []);
  assert.equal(judge("inline", healthy).converged, true);
});

const cases: [string, (facts: PairFacts) => void, RegExp][] = [
  ["two masters", (f) => (node(f, "a").state = "MASTER"), /2 nodes are MASTER/],
  ["no master", (f) => (node(f, "b").state = "FAULT"), /0 nodes are MASTER/],
  ["the VIP missing on the MASTER's NIC", (f) => (node(f, "b").vipOnNic = false), /not on the NIC of the MASTER/],
  ["the VIP left on the other NIC", (f) => (node(f, "a").vipOnNic = true), /on the NIC of a/],
  ["the black hole: the cloud delivers elsewhere", (f) => (f.cloudHolder = "a"), /in the cloud a has the VIP/],
  ["a VIP that is nowhere AVAILABLE", (f) => (f.cloudHolder = null), /no node's ENI/],
  ["one client that is not served", (f) => (f.answers[1]!.answer = "timeout"), /internet client got "timeout"/],
  ["the wrong node in standing-master", (f) => (f.mode = "standing-master"), /preferred one, a/],
];
for (const [name, change, reason] of cases) {
  test(`${name} is not converged, and says why`, () => {
    const status = broken(change);
    assert.equal(status.converged, false);
    assert.match(status.why.join("\n"), reason);
    assert.match(screen(status, []), reason);
  });
}

test("standing-master with the preferred node down or in maintenance is converged on the other", () => {
  const down = broken((facts) => {
    facts.mode = "standing-master";
    node(facts, "a").state = "OFF";
  });
  assert.deepEqual(down.why, []);
  const drained = broken((facts) => {
    facts.mode = "standing-master";
    node(facts, "a").maintenance = true;
  });
  assert.deepEqual(drained.why, []);
});
