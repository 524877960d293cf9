import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { bundle } from "../../push/bundle.ts";
import { installScripts } from "../../push/scripts.ts";
import type { NodeFile, PairSettings } from "../../render/model.ts";
import { renderNode } from "../../render/render.ts";
import { Machine, type Result } from "./machine.ts";
import { bareSettingsFor, cloudIds } from "../golden/pair.ts";

const conf = "/etc/keepalived/keepalived.conf";
const us = "urn:us";
const systemctl = readFileSync(new URL("systemctl.sh", import.meta.url), "utf8");

/** A node's files; the runtime's hooks and the wait for the peer do nothing here, for only their installation matters. */
function filesOf(change: Partial<PairSettings> = {}): NodeFile[] {
  const hooks = ["check_self.sh", "notify_action.sh", "hear_peer.py"].map((name) => `/etc/keepalived/${name}`);
  const hook = (path: string): NodeFile => ({ path, mode: "0755", owner: "root:root", content: "#!/bin/sh\n" });
  const rest = renderNode({ ...bareSettingsFor("stable"), ...change }, cloudIds, "a").filter(
    (f) => !hooks.includes(f.path),
  );
  return [...rest, ...hooks.map(hook)];
}
const edited = (files: NodeFile[], path: string, edit: (text: string) => string): NodeFile[] =>
  files.map((file) => (file.path === path ? { ...file, content: edit(file.content) } : file));
const original = filesOf();
const slower = filesOf({ advertIntervalMs: 1000 });

let machine: Machine;
let runs = 0;
beforeEach(async () => {
  // The first name is not the final one: a distribution may call the NIC by its slot.
  machine = await Machine.start({ name: "ens6", mac: cloudIds.eniMacs.a });
  machine.write({ path: "/stub/bin/systemctl", mode: "0755", content: systemctl });
});
afterEach(() => machine.stop());

const at = (path: string): string => machine.root + path;
const path = `/stub/bin:${process.env.PATH}`;
const calls = (): string[] => {
  const lines = existsSync(at("/stub/calls")) ? readFileSync(at("/stub/calls"), "utf8").trimEnd().split("\n") : [];
  rmSync(at("/stub/calls"), { force: true });
  return lines;
};
function push(script: "install" | "uninstall", files: NodeFile[], owner = us, around = "@"): Result {
  runs += 1;
  const folder = `/run/bundle-${runs}`;
  writeFileSync(at(`${folder}.tar`), bundle({ files, scripts: installScripts(), mask: ["TopSecret"], owner }));
  const unpack = `umask 077; mkdir ${folder}; tar -xpf ${folder}.tar -C ${folder}; umask 022`;
  return machine.run(`${unpack}\n${around.replace("@", `sh ${folder}/${script}.sh ${folder} </dev/null`)}`, path);
}
const install = (files: NodeFile[], around?: string): Result => push("install", files, us, around);
/** Every path where an installation may leave something. */
const tree = (): string[] =>
  machine
    .run(
      "find /etc /var/lib /var/log /run -not -path '/var/lib/apt/*' -not -path '/run/bundle-*' -not -path /run/mount | sort",
    )
    .stdout.split("\n")
    .filter((line) => /keepalived|systemd|NetworkManager|\.d(\/|$)|^\/(run|var)/.test(line));
function installed(files: NodeFile[]): void {
  for (const file of files) {
    assert.equal(readFileSync(at(file.path), "utf8"), file.content, file.path);
    assert.equal((statSync(at(file.path)).mode & 0o7777).toString(8).padStart(4, "0"), file.mode, file.path);
  }
  assert.equal(
    machine.run("find /etc /var/lib -name '*keepalived-cluster-new' -o -name txn -o -name stage").stdout,
    "",
  );
}
function firstInstall(files = original): void {
  const result = install(files);
  assert.equal(result.status, 0, result.stderr);
  calls();
}

describe("install", () => {
  test("a bare node: files, NIC and services in this order; once more: nothing at all", () => {
    const first = install(original);
    assert.deepEqual([first.status, first.stderr], [0, ""]);
    assert.match(first.stdout, /^checking the new files\nwriting \d+ files\nactivating\ndone\n$/);
    installed(original);
    assert.deepEqual(calls(), [
      "daemon-reload",
      "enable keepalived-vip-nic keepalived-vip keepalived",
      "restart keepalived-vip-nic",
      "restart keepalived-vip",
      "restart keepalived",
      "drain 0",
    ]);
    const second = install(original);
    assert.deepEqual([second.status, second.stdout, second.stderr], [0, "up to date\n", ""]);
    assert.deepEqual(calls(), []);
  });

  test("what a reload can change is one reload", () => {
    firstInstall();
    assert.equal(install(slower).status, 0);
    installed(slower);
    assert.deepEqual(calls(), [
      "daemon-reload",
      "enable keepalived-vip-nic keepalived-vip keepalived",
      "restart keepalived-vip", // vip.json names the interval too
      "reload keepalived",
    ]);
  });

  test("a MASTER is drained before a restart that cannot be avoided, and takes part again afterwards", () => {
    firstInstall();
    const peerTakesOver = `ip addr add 10.20.5.200/32 dev eth1
      ( for i in $(seq 200); do
          [ "$(cat /run/keepalived-vip/drain)" != 1 ] || exec ip addr del 10.20.5.200/32 dev eth1
          sleep 0.05
        done ) & @`;
    const result = install(filesOf({ virtualRouterId: 99 }), peerTakesOver);
    assert.equal(result.status, 0, result.stderr);
    assert.deepEqual(calls().slice(-2), ["restart keepalived", "drain 1"]);
    assert.equal(machine.run("cat /run/keepalived-vip/drain").stdout, "0\n");
  });

  test("a node that was set up by hand is put right", () => {
    firstInstall();
    machine.run(`ip rule del pref 1011; rm /etc/logrotate.d/keepalived-vip; chmod 777 /etc/keepalived/nic.sh`);
    assert.equal(install(original).status, 0);
    installed(original);
    assert.match(machine.run("ip rule").stdout, /from 10.20.5.200 lookup 101/);
  });

  test("a file that is no longer wanted goes; what was there before us comes back", () => {
    const hosts = { path: "/etc/logrotate.d/keepalived-vip", mode: "0644", content: "# somebody's\n" };
    machine.write(hosts);
    firstInstall();
    const result = install(original.filter((file) => file.path !== hosts.path));
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /^remove \/etc\/logrotate.d\/keepalived-vip$/m);
    assert.equal(readFileSync(at(hosts.path), "utf8"), hosts.content);
  });
});

/** A check by a command, quick to fail. */
const checking = (target: string): Partial<PairSettings> => {
  return { healthCheck: { kind: "command", target, intervalS: 1, timeoutS: 1, fall: 1, rise: 1, secret: false } };
};

test("a health check comes before keepalived starts, and leaves nothing that keeps the VIP away", () => {
  const watched = filesOf({ ...checking("true"), hooks: [{ state: "active", name: "10-x", content: "#!/bin/sh\n" }] });
  const first = install(watched);
  assert.equal(first.status, 0, first.stderr);
  installed(watched);
  assert.deepEqual(calls().slice(-4), [
    "restart keepalived-vip",
    "restart keepalived-vip-health",
    "restart keepalived",
    "drain 0",
  ]);
  assert.equal(install(watched).stdout, "up to date\n");
  machine.run("/etc/keepalived/vip.py drain hold health 60 'it failed'");
  assert.equal(install(original).status, 0);
  assert.deepEqual(calls().slice(-2), ["restart keepalived-vip", "stop keepalived-vip-health"]);
  assert.equal(machine.run("cat /run/keepalived-vip/drain").stdout, "0\n");
  assert.equal(machine.run("find /etc -name 10-x -o -name 'keepalived-vip-h*'").stdout, "");
});

describe("the old configuration stays in force when", () => {
  const unchanged = (result: Result, message: RegExp): void => {
    assert.equal(result.status, 1);
    assert.match(result.stderr, message);
    assert.doesNotMatch(result.stderr + result.stdout, /TopSecret/);
    installed(original);
  };

  test("keepalived refuses the new one: nobody is told to do anything, and secrets are masked", () => {
    firstInstall();
    const result = install(edited(slower, conf, (text) => text.replace("version 3", "version 3\n  TopSecretWord 7")));
    unchanged(result, /the new configuration is refused; nothing was changed\n[\s\S]*'\*\*\*Word'/);
    assert.deepEqual(calls(), []);
  });

  test("a hook is missing, which keepalived itself does not mind", () => {
    firstInstall();
    unchanged(install(slower.filter((file) => !file.path.endsWith("notify_action.sh"))), /notify_action.sh is missing/);
  });

  test("its health check would take the node out of service", () => {
    firstInstall();
    const failing = filesOf(checking("TopSecret=x false"));
    unchanged(install(failing), /the new configuration is refused; nothing was changed\n.*in service: command: exit 1/);
    assert.deepEqual(calls(), []);
    machine.run("/etc/keepalived/vip.py drain hold maintenance 60 'on purpose'");
    assert.equal(install(failing).status, 0, "a node that is not in service takes any");
  });

  test("a service does not start: the old one is activated again", () => {
    firstInstall();
    machine.write({ path: "/stub/fail/keepalived-vip", mode: "0644", content: "TopSecret fault\n" });
    unchanged(install(slower), /activation failed; the old configuration is active again\n[\s\S]*\*\*\* fault/);
    assert.equal(install(original).stdout, "up to date\n");
  });

  test("keepalived never gets a state", () => {
    firstInstall();
    machine.run(`sed -i 's/BACKUP/FAULT/' /run/keepalived-vip/state`);
    unchanged(
      install(slower, "HEALTHY_WITHIN_S=2; export HEALTHY_WITHIN_S; @"),
      /in state FAULT, not MASTER or BACKUP/,
    );
  });

  for (const folder of ["/etc/keepalived", "/var/lib/keepalived-cluster"]) {
    test(`the disk of ${folder} is full`, () => {
      firstInstall();
      machine.run(`set -e
        cp -a ${folder} /run/copy; mount -t tmpfs -o size=1m,mode=755 tmpfs ${folder}; cp -a /run/copy/. ${folder}
        cat /dev/zero >${folder}/fill 2>/dev/null || :`);
      unchanged(install(slower), /No space left on device/);
      assert.deepEqual(calls(), []);
      machine.run(`rm ${folder}/fill`);
      assert.equal(install(slower).status, 0);
      installed(slower);
    });
  }

  test("the bundle is damaged", () => {
    firstInstall();
    const damaged = `f=$(ls -d /run/bundle-*[0-9] | sort -V | tail -n 1); echo x >>$f/root${conf}; @`;
    unchanged(install(slower, damaged), /the bundle is damaged/);
  });
});

test("killed at any rename, the next run has the whole old set or the whole new one", () => {
  firstInstall();
  // mv kills its whole process group at the n-th call.
  const mv = `#!/bin/sh
    n=$(($(cat /stub/left) - 1)); echo $n >/stub/left
    [ $n -ne 0 ] || kill -9 0
    exec /bin/mv "$@"\n`;
  machine.write({ path: "/stub/bin/mv", mode: "0755", content: mv });
  let recovered = 0;
  let finished = false;
  for (let n = 1; !finished; n += 5) {
    writeFileSync(at("/stub/left"), String(n));
    finished = install(slower, "setsid --wait sh -c '@'").status === 0;
    writeFileSync(at("/stub/left"), "0");
    const next = install(original);
    assert.equal(next.status, 0, next.stderr);
    if (next.stdout.includes("recovering")) recovered += 1;
    installed(original);
  }
  assert.ok(recovered > 3, `${recovered} interruptions fell into the swap`);
});

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

test("files that move into folders: vip.py starts at every moment of the update, of one that is taken back, of the way back", () => {
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
    const lines = readFileSync(at("/stub/looks"), "utf8").trimEnd().split("\n");
    rmSync(at("/stub/looks"));
    return lines;
  };
  firstInstall(flat());
  for (const name of ["mv", "rm"])
    machine.write({ path: `/stub/bin/${name}`, mode: "0755", content: looking(`/bin/${name}`) });
  machine.write({ path: "/stub/fail/keepalived-vip", mode: "0644", content: "fault\n" });
  for (const [files, status] of [
    [original, 1],
    [original, 0],
    [flat(), 0],
  ] as const) {
    assert.equal(install(files).status, status);
    const seen = looks();
    assert.ok(seen.length > 5, `${seen.length} looks`);
    assert.deepEqual(
      seen.filter((line) => !line.startsWith("2 ")),
      [],
    );
    installed(status === 0 ? files : flat());
  }
});

describe("a first install that fails leaves nothing", () => {
  test("files, services, runtime folder; what was there before us comes back", () => {
    machine.write({ path: conf, mode: "0644", content: "# somebody's\n" });
    machine.write({ path: "/stub/fail/keepalived", mode: "0644", content: "fault\n" });
    const result = install(original);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /activation failed; nothing stays installed\nfault/);
    assert.equal(readFileSync(at(conf), "utf8"), "# somebody's\n");
    for (const file of original) assert.ok(file.path === conf || !existsSync(at(file.path)), file.path);
    for (const gone of ["/var/lib/keepalived-cluster", "/run/keepalived-vip", "/stub/active/keepalived-vip"]) {
      assert.ok(!existsSync(at(gone)), gone);
    }
    assert.doesNotMatch(machine.run("ip rule; ip -4 addr").stdout, /10\.20/);
    assert.equal(install(original).status, 0);
  });
});

describe("uninstall", () => {
  test("by the one who installed: nothing is left, what was there before us comes back", () => {
    machine.write({ path: conf, mode: "0644", content: "# somebody's\n" });
    const before = tree();
    firstInstall();
    const result = push("uninstall", original);
    assert.deepEqual([result.status, result.stderr], [0, ""]);
    assert.match(result.stdout, /uninstalled\n$/);
    assert.equal(readFileSync(at(conf), "utf8"), "# somebody's\n");
    assert.deepEqual(tree(), before);
    assert.doesNotMatch(machine.run("ip rule; ip -4 addr").stdout, /10\.20/);
    assert.equal(push("uninstall", original).stdout, "not installed\n");
  });

  test("by a resource that has been replaced: nothing happens", () => {
    firstInstall();
    assert.equal(push("install", original, "urn:new-name").status, 0);
    calls();
    const result = push("uninstall", original);
    assert.deepEqual([result.status, result.stdout], [0, "now installed by urn:new-name; leaving it\n"]);
    installed(original);
    assert.deepEqual(calls(), []);
  });
});

describe("software", () => {
  const aptGet = (content: string): void =>
    machine.write({ path: "/stub/bin/apt-get", mode: "0755", content: `#!/bin/sh\n${content}\n` });

  test("keepalived is installed, with a fresh index if need be, and not started by its package", () => {
    machine.run("mv /usr/sbin/keepalived /stub/keepalived");
    // As an installation that was killed has left it.
    const left = "#!/bin/sh\n# for the installation of keepalived\nexit 101\n";
    machine.write({ path: "/usr/sbin/policy-rc.d", mode: "0755", content: left });
    aptGet(`echo "$*" >>/stub/apt
      case "$*" in
        *update) touch /stub/index ;;
        *) [ -e /stub/index ] || { echo 'E: Unable to locate package keepalived'; exit 100; }
           /usr/sbin/policy-rc.d; echo "policy $?" >>/stub/apt; cp /stub/keepalived /usr/sbin/ ;;
      esac`);
    const result = install(original);
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /^installing keepalived\nfetching the package index\n/);
    assert.match(
      readFileSync(at("/stub/apt"), "utf8"),
      /install[^\n]* keepalived\n.*update\n.*install.*\npolicy 101\n$/,
    );
    assert.ok(!existsSync(at("/usr/sbin/policy-rc.d")), "services of other packages may start again");
    installed(original);
  });

  test("an unreachable mirror is named", () => {
    machine.run("rm /usr/sbin/keepalived");
    aptGet(`echo 'Reading package lists...'
      echo 'E: Failed to fetch http://mirrors.example/k.deb  Could not connect to mirrors.example:80'; exit 100`);
    const result = install(original);
    assert.equal(result.status, 1);
    assert.match(
      result.stderr,
      /cannot install keepalived; nothing was changed[\s\S]*Could not connect to mirrors.example:80/,
    );
    assert.doesNotMatch(result.stderr, /Reading package lists/);
    assert.ok(!existsSync(at(conf)));
  });

  test("a keepalived that needs a file of its package beside its configuration finds it, and keeps it", () => {
    const options = { path: "/etc/keepalived/keepalived.config-opts", mode: "0644", content: "JSON\n" };
    machine.write(options, {
      path: "/stub/bin/keepalived",
      mode: "0755",
      content: `#!/bin/sh\n[ -s ${options.path} ] && exec /usr/sbin/keepalived "$@"\necho 'no options'; exit 1\n`,
    });
    const result = install(original);
    assert.deepEqual([result.status, result.stderr], [0, ""]);
    assert.equal(readFileSync(at(options.path), "utf8"), options.content);
  });

  test("a keepalived that is too old is refused", () => {
    machine.write({
      path: "/stub/bin/keepalived",
      mode: "0755",
      content: "#!/bin/sh\necho 'Keepalived v2.0.10 (11/12,2018)' >&2\n",
    });
    assert.match(install(original).stderr, /keepalived 2\.0\.10 is too old: 2\.0\.14 or newer is needed/);
    assert.ok(!existsSync(at(conf)));
  });
});
