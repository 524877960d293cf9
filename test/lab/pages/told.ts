/** What the README and docs/ten-minutes.md say of each of their commands: what is on the screen, and what is true. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { prometheusSays } from "../../../lab/monitor/command.ts";
import { Pinger } from "../../../lab/pair/pinger.ts";
import { until } from "../../support/lab.ts";
import { ctrlC } from "../../support/terminal.ts";
import type { Scene, Told } from "./typed.ts";

const agree = { to: /Go on\?/, keys: "y\r" };
const whole = ({ lab }: Scene) => lab.converged();
/** Everybody agrees on one node; a pair in a network of its own has a client, too. */
const agreed = /keepalived ([ab]) · cloud \1 · NIC \1 · client \1/;

/** A client that asks while a planned switch is under way. At one question every 10 ms the cloud's own change may cost a few. */
async function pinged({ lab }: Scene): Promise<() => Promise<void>> {
  const vip = (await lab.status()).vips[0]?.address ?? "";
  const pinger = new Pinger(await lab.namespace("vpc"), vip);
  await pinger.first();
  return async () => {
    const { lost, sent, longestGapMs } = await pinger.stop();
    assert.ok(lost <= 5, `lost ${lost} of ${sent}, longest gap ${longestGapMs} ms`);
  };
}

const inMaintenance = async ({ lab }: Scene, is: boolean) =>
  lab.until(
    ({ nodes }) => nodes.some(({ name, maintenance }) => name === "b" && maintenance === is),
    `b is ${is ? "" : "not "}in maintenance`,
  );

/** By the command as the README has it. */
export const readme = new Map<string, Told>([
  [
    "npm run lab",
    {
      says: [
        /: healthy \(mode stable/,
        /^ {2}node +instance +address +keepalived/m,
        /^Next:\n {2}env LAB_NAME=\w+ npm run lab -- client vpc /m,
      ],
    },
  ],
  ["npm run lab -- client vpc curl -s http://10.0.1.100/", { says: [/^[ab]$/m] }],
  [
    "npm run lab -- fail a --how power",
    {
      says: [/^a: power\./m],
      afterwards: ({ lab }) => until("b serves", async () => (await lab.answer("vpc")) === "b"),
    },
  ],
  ["npm run lab -- heal", { says: [/: healthy /], afterwards: whole }],
  ["npm run ha -- status", { says: [/: healthy$/m, agreed] }],
  [
    "npm run ha -- switchover",
    {
      says: [
        /^ {2}2\. [ab] asks the cloud: MigratePrivateIpAddress /m,
        /^Done: keepalived, cloud, NIC and client agree on [ab]\./m,
      ],
      answers: [agree],
      around: pinged,
    },
  ],
  [
    "npm run lab -- monitor --faster 10",
    {
      says: [/Prometheus runs; Ctrl-C ends it/],
      answers: [
        {
          to: /Prometheus runs/,
          keys: ctrlC,
          once: ({ lab }) =>
            until("Prometheus has the pair's alerts", async () => {
              const rules = await prometheusSays(lab.name, "rules").catch(() => null);
              return JSON.stringify(rules).includes("VipNoMaster");
            }),
        },
      ],
      code: null,
    },
  ],
  [
    "npm run render -- --set mode=standing-master",
    {
      says: [
        /^==> node a: \/etc\/keepalived\/keepalived\.conf 0644/m,
        /^==> node b: /m,
        /^# keepalived on node b of .*, standing-master mode\.$/m,
      ],
    },
  ],
  [
    "npm run lab -- destroy",
    {
      says: [],
      afterwards: async ({ lab }) => assert.deepEqual(await lab.leftInCloud(), { notDeleted: [], forbidden: [] }),
    },
  ],
  [
    "npm run lab -- world",
    { says: [/bastion\.host/, /web-1 .*web-2 /, /publicIpId' eip-/, /^# existing: /m, /^# machines: /m] },
  ],
  [
    "npm run lab -- up --profile private",
    {
      says: [/: healthy /],
      afterwards: async ({ lab }) =>
        assert.deepEqual(
          (await lab.status()).nodes.map(({ publicIp }) => publicIp),
          ["", ""],
        ),
    },
  ],
  ["npm run lab -- help", { says: [/^npm run lab -- up /m, /^npm run lab -- down /m] }],
  // The three stacks of the `pulumi` that the test has: one is not to be read, and so the worst.
  [
    "npm run ha -- status --all",
    { says: [/organization\/web\/others +could not tell[\s\S]*\n {2}one +healthy[\s\S]*\n {2}two +healthy/], code: 3 },
  ],
  [
    "npm run ha -- status --watch",
    {
      says: [/every 2 s; Ctrl-C ends/, agreed, /^Last events:$/m],
      answers: [{ to: /Last events:/, keys: ctrlC }],
      code: null,
    },
  ],
  [
    "npm run ha -- maintenance on b",
    {
      says: [/b.* stays (?:away|in maintenance) for 1h/],
      answers: [agree],
      afterwards: async (scene) => assert.equal(scene.lab.master(await inMaintenance(scene, true)), "a"),
    },
  ],
  [
    "npm run ha -- maintenance off b",
    { says: [/takes part again/], afterwards: (scene) => inMaintenance(scene, false).then(() => whole(scene)) },
  ],
  // Somebody is: then it is not to be had.
  ["npm run ha -- failover b", { says: [/^Refused, nothing has changed: /m], code: 4 }],
  ["npm run ha -- self-test", { says: [/^ {2}check +a +b$/m, /^ {2}permission +ok +ok$/m] }],
  ["npm run ha -- drill", { says: [/^Steady state: /m, /^Hypothesis: /m, /keepalived-stop/] }],
  ["npm run ha -- logs --since 1h", { says: [/ a +vip\.py +/, / b +vip\.py +/, /state="MASTER"/, /Keepalived_vrrp/] }],
  [
    "npm run ha -- history",
    {
      says: [
        /^ {2}when \(UTC\) +move +took .* why .* RequestId$/m,
        /[ab] -> [ab] .* planned switch .* [0-9a-f]{8}-[0-9a-f]{4}-/,
      ],
    },
  ],
  [
    "npm run ha -- ssh b",
    { says: [/keepalived-cluster-\w+-b/], answers: [{ to: /[#$] $/, keys: "hostname; exit\r" }] },
  ],
  [
    "npm run ha -- key FILE",
    {
      says: [/only you can read it/],
      afterwards: async ({ folder }) => {
        const file = join(folder, "key");
        assert.equal(statSync(file).mode & 0o777, 0o600);
        assert.match(readFileSync(file, "utf8"), /^-----BEGIN [A-Z ]*PRIVATE KEY-----/);
      },
    },
  ],
  [
    "/etc/keepalived/vip.py status",
    { says: [/^node [ab] of [\w-]+: healthy$/m, /^ {2}last moves /m, /^Nothing to do\.$/m] },
  ],
  ["/etc/keepalived/vip.py self-test", { says: [/permission/] }],
  [
    "journalctl -u keepalived-vip -o cat",
    { says: [/^\{"time": [\d.]+, "event": "started", .*\}$/m, /^\{.*"event": "moved".*\}$/m] },
  ],
]);

const of = (command: string): [string, Told] => [command, readme.get(command)!];
const served = (node: "a" | "b"): [string, Told] => [
  "npm run lab -- client vpc curl -s http://10.0.1.100/",
  { says: [new RegExp(`^${node}$`, "m")] },
];

/** Line by line: the same command says something else after a power cut. */
export const tenMinutes: [string, Told][] = [
  of("npm run lab"),
  of("npm run ha -- status"),
  of("npm run ha -- self-test"),
  served("a"),
  of("npm run lab -- fail a --how power"),
  served("b"),
  ["npm run ha -- status", { says: [/: degraded$/m, /a could not be asked/], code: 1 }],
  of("npm run lab -- heal"),
  served("b"),
  ["npm run ha -- history", { says: [/^ {2}when \(UTC\) +move +took .* why/m, /a -> b +\d+\.\d s +keepalived /] }],
  ["npm run ha -- logs --since 15m", { says: [/ b +vip\.py +moved .*requestId="/, / b +Keepalived_vrrp +.*MASTER/] }],
  of("npm run ha -- switchover"),
  [
    "npm run ha -- drill --run --fault switch,keepalived-stop --out drill-report",
    { says: [/^Steady state: /m, /drill-report\/report\.html/], answers: [agree] },
  ],
  ["npm run lab -- down", { says: [] }],
];
