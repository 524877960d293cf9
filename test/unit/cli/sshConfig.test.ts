/** ssh's configuration for a stack's nodes, as ssh itself reads it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Access, type SshNode, writeSshConfig } from "../../../cli/ha/reach/sshConfig.ts";

const nodes: Record<"a" | "b", SshNode> = {
  a: { address: "10.0.1.16", publicIp: "203.0.113.1", sshUser: "debian", hostKey: "ssh-ed25519 AAAA" },
  b: { address: "10.0.1.17", publicIp: null, sshUser: "root", hostKey: null },
};
const byKey: Access = { privateKey: "NODES-KEY", agentSocketPath: null, bastion: null };

/** What ssh makes of it for one host: option and value, all in small letters as it prints them. */
function read(t: TestContext, access: Access, given: { nodes?: typeof nodes; identity?: string } = {}) {
  // A name that ssh would expand, and one with a blank.
  const folder = mkdtempSync(join(tmpdir(), "ssh %d "));
  t.after(() => rmSync(folder, { recursive: true }));
  const { config, identity } = writeSshConfig(given.nodes ?? nodes, access, folder, given.identity);
  const of = (host: string): Record<string, string> =>
    Object.fromEntries(
      execFileSync("ssh", ["-G", "-F", config, host], { encoding: "utf8" })
        .split("\n")
        .map((line) => [line.split(" ")[0] ?? "", line.slice(line.indexOf(" ") + 1)]),
    );
  return { of, config, identity, folder };
}
/** A file that ssh prints with the percent signs of the configuration. */
const content = (file: string | undefined) =>
  readFileSync((file ?? "").replaceAll("%%", "%").replaceAll('"', ""), "utf8");

test("with a key: it alone is offered, and a host key that is known is insisted on", (t) => {
  const { of, config, folder } = read(t, byKey);
  const [a, b] = [of("a"), of("b")];
  assert.deepEqual([a.hostname, a.user, b.hostname, b.user], ["203.0.113.1", "debian", "10.0.1.17", "root"]);
  assert.equal(content(a.identityfile), "NODES-KEY\n");
  assert.deepEqual([a.identitiesonly, a.identityagent, a.batchmode], ["yes", "none", "yes"]);
  assert.deepEqual([a.stricthostkeychecking, b.stricthostkeychecking], ["true", "false"]);
  assert.equal(content(a.userknownhostsfile), "a ssh-ed25519 AAAA\n");
  assert.deepEqual([a.hostkeyalias, a.globalknownhostsfile, a.proxyjump], ["a", "none", undefined]);
  for (const file of ["identity", "ssh_config"]) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(config, "utf8"), /NODES-KEY/);
});

test("with an agent: its socket, or the user's own where the maker's is on another machine", (t) => {
  const agent = { privateKey: null, agentSocketPath: "/nosuch/agent.sock", bastion: null };
  const { of, identity } = read(t, agent);
  assert.deepEqual([of("a").identityagent, identity], ["SSH_AUTH_SOCK", null]);
  assert.equal(read(t, { ...agent, agentSocketPath: "/dev/null" }).of("a").identityagent, "/dev/null");
  assert.equal(content(read(t, agent, { identity: "/dev/null" }).of("a").identityfile), "");
});

test("a key in a folder whose name ssh takes for something else is found", (t) => {
  for (const name of [`a b'c "d`, "back\\slash", `\${HOME}`, "%h"]) {
    const place = join(mkdtempSync(join(tmpdir(), "key-")), name);
    mkdirSync(place);
    t.after(() => rmSync(join(place, ".."), { recursive: true }));
    writeFileSync(join(place, "key"), "MINE");
    const { of, identity } = read(t, byKey, { identity: join(place, "key") });
    assert.deepEqual([content(of("a").identityfile), identity], ["MINE", join(place, "key")]);
  }
});

test("with a bastion: both nodes are reached through it, with its own user, port, key and host key", (t) => {
  const bastion = { host: "bastion.example.com", port: 2222, user: "jump", hostKey: "ssh-rsa BBBB", privateKey: "ITS" };
  const { of } = read(t, { ...byKey, bastion });
  const { hostname, port, user, identityfile, userknownhostsfile, stricthostkeychecking } = of("bastion");
  assert.deepEqual([of("a").proxyjump, of("b").proxyjump, of("bastion").proxyjump], ["bastion", "bastion", undefined]);
  assert.deepEqual([hostname, port, user, stricthostkeychecking], ["bastion.example.com", "2222", "jump", "true"]);
  assert.deepEqual([content(identityfile), content(userknownhostsfile)], ["ITS\n", "bastion ssh-rsa BBBB\n"]);
  const same = read(t, { ...byKey, bastion: { ...bastion, privateKey: null } });
  assert.equal(content(same.of("bastion").identityfile), "NODES-KEY\n");
});

test("nothing that a state says becomes another option of ssh", (t) => {
  const evil = (change: Partial<SshNode>) => () =>
    read(t, byKey, { nodes: { ...nodes, a: { ...nodes.a, ...change } } });
  assert.throws(evil({ publicIp: 'x"\n  ProxyCommand touch /tmp/x' }), /can be no part of ssh's configuration/);
  assert.throws(evil({ sshUser: "root\nProxyCommand x" }), /can be no part/);
  assert.throws(evil({ hostKey: "ssh-rsa AAAA\n* ssh-rsa BBBB" }), /The host key of a is none/);
  assert.throws(() => read(t, { ...byKey, privateKey: null }), /no key for the nodes[\s\S]*--identity/);
});

test("a node is reached by the address that up logs in by, where the stack tells it", (t) => {
  const existing = { ...nodes, b: { ...nodes.b, sshHost: "172.20.1.22" } };
  const { of } = read(t, byKey, { nodes: existing });
  assert.deepEqual([of("a").hostname, of("b").hostname], ["203.0.113.1", "172.20.1.22"]);
});
