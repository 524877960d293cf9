import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expectedMaster, lacking, servedBy } from "../../../lab/faults/trial.ts";
import { faultNamed, faultNames, faults } from "../../../lab/faults.ts";
import type { PairFacts } from "../../../lab/pair/status.ts";
import { draw, randomBy } from "../../../lab/soak.ts";
import type { Held } from "../../matrix/held.ts";
import { type HeldResults, heldPartsOf, labOf, partsOf, type Results } from "../../matrix/parts.ts";
import { report, withNew } from "../../matrix/report.ts";

const node = (name: "a" | "b", state: "MASTER" | "BACKUP", vipOnNic = state === "MASTER") => ({
  ...{ name, instanceId: `ins-${name}`, eniId: `eni-${name}`, address: "10.0.1.16", publicIp: "203.0.113.1" },
  ...{ state, since: 1, vipOnNic, maintenance: false },
});
const facts = (change: Partial<PairFacts> = {}): PairFacts => ({
  ...{ pair: "p", mode: "stable", preferredNode: "a", vip: "10.0.1.100", publicIp: "203.0.113.9", cloudHolder: "a" },
  nodes: [node("a", "MASTER"), node("b", "BACKUP")],
  answers: [{ client: "vpc", target: "10.0.1.100", answer: "a" }],
  ...change,
});

describe("faults", () => {
  test("have each a name of their own, and --how offers those of the design", () => {
    const names = faults.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(faultNames().sort(), [
      ...["api-down", "api-errors", "api-throttled", "both-down", "dns-down", "eip-left-behind", "firewall"],
      ...["folder-removed", "keepalived-hung", "keepalived-kill", "keepalived-stop", "metadata-down", "nic", "oneway"],
      ...["overload", "partition", "power", "process", "reply-lost", "service-kill", "stall"],
    ]);
    assert.throws(() => faultNamed("flood"), /there is no fault "flood"; there is power, nic/);
  });

  test("the VIP is served by the node that the cloud, the NIC, keepalived and every client agree on", () => {
    assert.equal(servedBy(facts()), "a");
    const partition = { nodes: [node("a", "MASTER"), node("b", "MASTER")] };
    assert.equal(servedBy(facts(partition)), "a", "a second MASTER does not keep the first from serving");
    assert.equal(servedBy(facts({ cloudHolder: "b" })), null);
    assert.equal(servedBy(facts({ cloudHolder: null })), null);
    assert.equal(servedBy(facts({ nodes: [node("a", "MASTER", false), node("b", "BACKUP")] })), null);
    assert.equal(servedBy(facts({ answers: [{ client: "vpc", target: "10.0.1.100", answer: "b" }] })), null);
  });

  test("a pair that has lost its EIP, or a node, is not whole", () => {
    assert.deepEqual(lacking(facts()), []);
    assert.deepEqual(lacking(facts({ publicIp: null }), "203.0.113.9"), ["the EIP 203.0.113.9 is not on the VIP"]);
    const fault = { ...node("b", "BACKUP"), state: "FAULT" as const };
    assert.deepEqual(lacking(facts({ nodes: [node("a", "MASTER"), fault] })), ["b is FAULT"]);
  });

  test("who is MASTER afterwards follows from the mode and the fault", () => {
    const after = (name: string, change: Partial<PairFacts> = {}) =>
      expectedMaster(facts(change), faultNamed(name), "a");
    assert.equal(after("power"), "b", "stable: where it went");
    assert.equal(after("power", { mode: "standing-master" }), "a", "standing-master: the preferred one");
    assert.equal(after("rules-removed"), "a");
    assert.equal(after("firewall"), "a", "a standby that hears nothing takes nothing");
    assert.equal(after("api-down"), "b", "the move that had to wait");
    for (const open of ["partition", "nic", "both-down"]) assert.equal(after(open), null, open);
  });
});

describe("the soak", () => {
  const names = (seed: number) => {
    const random = randomBy(seed);
    return Array.from({ length: 200 }, () => {
      const drawn = draw(random);
      return "single" in drawn ? [drawn.single.name] : drawn.both.map((made) => `${made.fault.name} ${made.node}`);
    });
  };

  test("draws the same by the same seed, and every fault sooner or later", () => {
    assert.deepEqual(names(7), names(7));
    assert.notDeepEqual(names(7), names(8));
    const drawn = new Set(names(7).flatMap((step) => step.map((name) => name.split(" ")[0])));
    assert.deepEqual([...drawn].sort(), faults.map(({ name }) => name).sort());
  });

  test("makes two faults on two nodes, and none that leaves no place for another", () => {
    const both = names(7).filter((step) => step.length === 2);
    assert.ok(both.length > 30, `${both.length} of 200`);
    for (const [first = "", second = ""] of both) {
      assert.notEqual(first.at(-1), second.at(-1));
      assert.doesNotMatch(first + second, /both-|vip-/);
    }
  });
});

describe("the fault matrix", () => {
  test("is ten cells in npm test, all of them in test:full, or one part", () => {
    assert.equal(partsOf("").flatMap((part) => part.faults).length, 10);
    assert.equal(partsOf("full").flatMap((part) => part.faults).length, 12 * faults.length);
    assert.deepEqual(partsOf("Debian 11, standing-master").map(labOf), ["m11m"]);
    assert.deepEqual(partsOf("Ubuntu Server 22.04, stable").map(labOf), ["mus"]);
    assert.throws(() => partsOf("Debian 10"), /MATRIX is "Debian 10"; there is full, "Debian 11, stable"/);
  });

  test("has parts of its own for open connections, and a name of a part is of one of both kinds", () => {
    assert.deepEqual(
      heldPartsOf("").map(({ image, held }) => [image, held.map(({ name }) => name)]),
      [
        ["CentOS Stream 9", ["power"]],
        ["Debian 13", ["oneway"]],
      ],
    );
    const full = heldPartsOf("full");
    assert.equal(new Set(full.map(({ image }) => image)).size, 6);
    assert.deepEqual([...new Set(full.map(({ mode }) => mode))], ["stable", "standing-master"]);
    assert.deepEqual(full[0]?.held.map(({ name, end }) => `${name}: ${end}`).sort(), [
      ...["folder-removed: kept", "keepalived-hung: kept", "keepalived-kill: kept", "keepalived-stop: kept"],
      ...["oneway: kept", "partition: kept", "power: reset", "process: kept", "stall: kept", "switchover: kept"],
    ]);
    const [part] = heldPartsOf("Debian 12, standing-master, connections");
    assert.ok(part);
    assert.equal(labOf(part), "c12m");
    assert.deepEqual(partsOf("Debian 12, standing-master, connections"), []);
    assert.deepEqual(heldPartsOf("Debian 12, standing-master"), []);
  });

  test("is reported with what failed first, and holes where nothing was run", () => {
    const part: Results = {
      ...{ image: "Debian 12", mode: "stable", date: "2026-01-02", keepalived: "Keepalived v2.2.7" },
      cells: [
        { fault: "power", outcome: { from: "a", to: "b", outageMs: 3900, moves: 1 } },
        { fault: "nic", outcome: null },
      ],
    };
    const text = report([part]);
    assert.match(text, /^1 of 2 cells passed. Failed: nic on Debian 12, stable.$/m);
    assert.match(text, /^\| Debian 12 \| stable \| Keepalived v2.2.7 \| 2026-01-02 \|$/m);
    assert.match(text, /^\| `power` \| [^|]+ \| 3900 · 1 \|$/m);
    assert.match(text, /^\| `nic` \| [^|]+ \| FAILED \|$/m);
    assert.match(text, /^\| `stall` \| [^|]+ \| {2}\|$/m);
  });

  test("says where a client got no answer for long although both machines and their NICs lived", () => {
    const cell = (fault: string, outageMs: number, moves: number) => ({
      fault,
      outcome: { from: "a" as const, to: "b" as const, outageMs, moves },
    });
    const part = (mode: string, cells: Results["cells"]): Results => ({
      ...{ image: "Debian 12", mode, date: "2026-01-02", keepalived: "Keepalived v2.2.7", cells },
    });
    const one = part("stable", [cell("power", 3900, 1), cell("keepalived-kill", 200, 1), cell("stall", 201, 2)]);
    const text = report([one, part("standing-master", [{ fault: "stall", outcome: null }])]);
    assert.match(text, /^\| `keepalived-kill` \| [^|]+ \| 200 · 1 \| {2}\|$/m);
    assert.match(text, /^\| `stall` \| [^|]+ \| \*\*201\*\* · 2 \| FAILED \|$/m);
    assert.match(text, /^1 of 2 stayed within 200 ms. Above: stall on Debian 12, stable.$/m);
    assert.match(report([]), /^0 of 0 stayed within 200 ms.$/m);
  });

  describe("reports open connections", () => {
    const held: Held = { open: 250, broken: 0, hanging: 0, longestAnswerMs: 33, moves: 2 };
    const cut = { movedMs: 3200, firstResetMs: 6700 };
    const results = (lastResetMs: number): HeldResults => ({
      ...{ image: "Debian 11", mode: "stable", date: "2026-01-02", keepalived: "Keepalived v2.1.5" },
      cells: [
        { fault: "stall", outcome: held },
        { fault: "partition", outcome: null },
        { fault: "power", outcome: { ...held, broken: 220, open: 220, moves: 1, cut: { ...cut, lastResetMs } } },
      ],
    });

    test("by what broke, the longest answer and the moves, and of a power cut by when they were reset", () => {
      const text = withNew("# Test report\n\nof before\n", [], [results(7000)]);
      assert.match(text, /^# Test report\n\nof before\n\n## Open connections\n/);
      assert.match(text, /^2 of 3 cells passed. Failed: partition on Debian 11, stable.$/m);
      assert.match(text, /^\| `stall` \| [^|]+ \| 0 of 250 · 33 · 2 \|$/m);
      assert.match(text, /^\| `partition` \| [^|]+ \| FAILED \|$/m);
      assert.match(text, /^\| `power` \| [^|]+ \| 220 of 220 · 1 \|$/m);
      assert.match(text, /^\| Debian 11, stable \| 3200 \| 6700 \| 7000 \| 3800 \|$/m);
      assert.match(text, /1 of 1 within 4000 ms\.$/m);
      assert.match(withNew("", [], [results(7201)]), /0 of 1 within 4000 ms. Later: Debian 11, stable\.$/m);
    });

    test("beside what was run of the rest, and leaves alone what was not run again", () => {
      const first = withNew("# Test report\n\nof before\n", [], [results(7000)]);
      assert.equal(withNew(first, [], []), first);
      const part = { image: "Debian 12", mode: "stable", date: "2026-01-02", keepalived: "", cells: [] };
      const both = withNew(first, [part], []);
      assert.doesNotMatch(both, /of before/);
      assert.equal(both.slice(both.indexOf("## Open")), first.slice(first.indexOf("## Open")));
      assert.equal(withNew(both, [part], [results(7000)]), both);
    });
  });
});
