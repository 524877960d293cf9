import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { renderNode } from "../../render/render.ts";
import { cloudIds, settingsFor } from "../golden/pair.ts";
import { Machine } from "./machine.ts";

const ownId = settingsFor("stable").virtualRouterId;

/** Sends adverts of a router id (nothing else is in them) from an address, until it is ended. */
const adverts = (source: string, routerId = ownId): string => `python3 - <<'PYTHON' &
import socket, struct, time
header = struct.pack("!BBHHHBBH4s4s", 69, 0, 28, 0, 0, 255, 112, 0, socket.inet_aton("${source}"), socket.inet_aton("10.20.4.21"))
total = sum(struct.unpack("!10H", header)); total = (total >> 16) + (total & 0xFFFF); total += total >> 16
header = header[:10] + struct.pack("!H", ~total & 0xFFFF) + header[12:]
nic = bytes.fromhex("${cloudIds.eniMacs.a.replaceAll(":", "")}")
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); wire.bind(("wire", 0))
while True: wire.send(nic + bytes(6) + b"\\x08\\x00" + header + bytes([0x31, ${routerId}, 250]) + bytes(5)); time.sleep(0.05)
PYTHON
trap "kill $!" EXIT`;

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.start({ name: "eth1", mac: cloudIds.eniMacs.a });
  machine.write(...renderNode(settingsFor("stable"), cloudIds, "a"));
});
afterEach(() => machine.stop());
const hear = (source: string, seconds: number, routerId = ownId): string =>
  machine.run(`/etc/keepalived/nic.sh up\n${adverts(source, routerId)}\n/etc/keepalived/hear.py peer ${seconds}`)
    .stdout;

test("a node that has just booted starts as soon as it hears its peer", () => {
  assert.equal(hear("10.20.5.22", 50), "heard 10.20.5.22\n");
});

test("the voice of anybody else counts for nothing, nor VRRP of the peer's that is not the pair's; silence ends the wait", () => {
  const silence = "no advert of 10.20.5.22 yet, starting without\n";
  assert.equal(hear("10.20.5.99", 1), silence);
  assert.equal(hear("10.20.5.22", 1, ownId + 1), silence);
});

test("a stranger who sends adverts of the pair's router id is found before keepalived obeys them, and nobody else is", () => {
  const listen = (from: string) =>
    machine.run(`/etc/keepalived/nic.sh up\n${from}\n/etc/keepalived/hear.py others 1; echo $?`).stdout;
  assert.match(
    listen(adverts("10.20.5.99")),
    new RegExp(`^10.20.5.99 sends adverts of virtual_router_id ${ownId} to this node:\n.*virtualRouterId.*\n1\n$`),
  );
  assert.equal(listen(adverts("10.20.5.99", ownId + 1)), "0\n");
  assert.equal(listen(adverts("10.20.5.22")), "0\n");
});

test("a firewall that drops what the peer says is found by what reaches the NIC, and named with the command that mends it", () => {
  const closed =
    "nft add table ip host\nnft add chain ip host in '{ type filter hook input priority 0; policy drop; }'";
  const through = (before: string, source = "10.20.5.22") =>
    machine.run(`/etc/keepalived/nic.sh up\n${adverts(source)}\n${before}
      /etc/keepalived/hear.py through 3; echo $?; nft delete table ip host 2>/dev/null`).stdout;
  const said =
    "nftables or iptables drops the adverts of 10.20.5.22 that reach eth1: iptables -I INPUT -s 10.20.5.22 -j ACCEPT";
  assert.match(through(closed), new RegExp(`^${said}, .*\n1\n$`));
  assert.equal(through(":"), "0\n");
  assert.equal(through(closed, "10.20.5.99"), "0\n", "what a stranger says has to be let in by nobody");
});

test("what keepalived needs is there before it starts, and stale pid files are gone", () => {
  const result = machine.run(`mkdir -p /run/keepalived; echo $$ >/run/keepalived.pid
    /etc/keepalived/before_start.sh >/dev/null && cd /run/keepalived-vip && stat -c '%n %F %a' keepalived.fifo drain
    cat drain; grep -c unicast_src_ip started-with
    stat -c '%d:%i %n' "$PWD" "$PWD/keepalived.fifo" | cmp - held; ls /run/*.pid 2>/dev/null`);
  assert.equal(result.stdout, "keepalived.fifo fifo 600\ndrain regular file 644\n0\n1\n");
});

test("a VIP that a killed keepalived has left is nobody's claim from then on, and answers for a while", () => {
  const vip = settingsFor("stable").vip;
  const after = (lifetime: string) =>
    machine.run(`/etc/keepalived/nic.sh up; ip addr add ${vip}/32 dev eth1 ${lifetime}
      /etc/keepalived/before_start.sh >/dev/null; ip -4 -o addr show dev eth1 to ${vip}; ip addr flush to ${vip}`)
      .stdout;
  assert.match(after(""), /valid_lft [0-9]+sec/);
  // The service's own.
  assert.match(after("valid_lft 15 preferred_lft 0"), /valid_lft [0-9]+sec/);
});

test("the service hears of a killed keepalived what that could not say, and a pipe that nobody empties holds up no start", () => {
  const vip = settingsFor("stable").vip;
  // The whole of the pipe, in pieces as they are written to it.
  const full =
    "dd if=/dev/zero of=/run/keepalived-vip/keepalived.fifo bs=4096 count=64 oflag=nonblock conv=nocreat,notrunc";
  const heard = (before: string) =>
    machine.run(`/etc/keepalived/nic.sh up; ip addr add ${vip}/32 dev eth1; mkdir -p /run/keepalived-vip; cd /run/keepalived-vip
      [ -p keepalived.fifo ] || mkfifo keepalived.fifo
      exec 3<>keepalived.fifo; ${before}
      timeout 30 /etc/keepalived/before_start.sh >/dev/null; echo "exit $?"
      timeout 1 cat <&3 | tr -d '\\000'; ip addr flush to ${vip}`).stdout;
  assert.equal(heard(":"), 'exit 0\nINSTANCE "VI_1" STOP 0\n');
  assert.equal(heard(`${full} 2>/dev/null`), "exit 0\n");
});

test("maintenance outlives a reboot: keepalived is told before it starts, as long as it lasts", () => {
  const reboot = `rm -rf /run/keepalived-vip; mkdir /run/keepalived-vip; printf 0 >/run/keepalived-vip/drain
    /etc/keepalived/before_start.sh >/dev/null; cat /run/keepalived-vip/drain`;
  assert.equal(machine.run("/etc/keepalived/vip.py maintenance on --for 2h --force").status, 0);
  assert.equal(machine.run(reboot).stdout, "1\n");
  machine.run(`sed -i 's/"until": [0-9.]*/"until": 1/' /var/lib/keepalived-vip/drain.d/maintenance`);
  assert.equal(machine.run(reboot).stdout, "0\n");
});

test("nic.sh leaves no route by the second NIC in the main table, as a DHCP client adds it, and those of another NIC alone", () => {
  const { subnetCidr, gateway } = JSON.parse(machine.run("cat /etc/keepalived/vip.json").stdout) as Record<
    string,
    string
  >;
  const found = machine.run(`/etc/keepalived/nic.sh up; ip link add first type dummy; ip link set first up
    ip addr add 10.20.5.99/23 dev first; ip route add default via ${gateway} dev first metric 100
    before=$(ip route show table main); ip route add default via ${gateway} dev eth1 onlink
    ip route add ${subnetCidr} dev eth1 scope link metric 5; /etc/keepalived/nic.sh check; /etc/keepalived/nic.sh up
    /etc/keepalived/nic.sh check && [ "$(ip route show table main)" = "$before" ] && echo right`);
  assert.equal(
    found.stdout,
    `the main table has a route to default by eth1\nthe main table has a route to ${subnetCidr} by eth1\nright\n`,
  );
});

test("nic.sh takes back everything it has done", () => {
  const network = "ip -4 rule; ip -4 route show table all; ip -4 addr";
  const before = machine.run(network).stdout;
  const run = machine.run("/etc/keepalived/nic.sh up && /etc/keepalived/nic.sh check && /etc/keepalived/nic.sh down");
  assert.deepEqual(run, { status: 0, stdout: "", stderr: "" });
  assert.equal(machine.run(network).stdout, before);
  assert.match(
    machine.run("/etc/keepalived/nic.sh check").stdout,
    /^no rule sends packets from 10.20.5.200 to table 101$/m,
  );
});
