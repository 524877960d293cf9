import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressOf,
  blockOf,
  contains,
  formatAddress,
  hostOf,
  overlaps,
  parseAddress,
  parseCidr,
} from "../../render/ipv4.ts";

test("addresses at both ends and across the sign bit survive the way there and back", () => {
  for (const text of ["0.0.0.0", "10.0.1.2", "127.255.255.255", "128.0.0.0", "255.255.255.255"]) {
    assert.equal(formatAddress(parseAddress(text)!), text);
  }
});

test("what is not an address is null", () => {
  for (const text of [
    "",
    "10.0.1",
    "10.0.1.2.3",
    "10.0.1.256",
    "10.0.1.01",
    " 10.0.1.2",
    "10.0.1.2 ",
    "a.b.c.d",
    "::1",
  ]) {
    assert.equal(parseAddress(text), null, text);
  }
});

test("a CIDR knows its ends and whether it is in network form", () => {
  const at = (text: string) => parseAddress(text)!;
  assert.deepEqual(parseCidr("10.0.1.0/24"), {
    first: at("10.0.1.0"),
    last: at("10.0.1.255"),
    prefix: 24,
    host: false,
  });
  assert.deepEqual(parseCidr("10.0.1.9/31"), { first: at("10.0.1.8"), last: at("10.0.1.9"), prefix: 31, host: true });
  assert.deepEqual(parseCidr("0.0.0.0/0"), { first: 0, last: 2 ** 32 - 1, prefix: 0, host: false });
  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "/8"]) {
    assert.equal(parseCidr(text), null, text);
  }
});

test("what was checked before is a number or a block, and what was not is an error that shows it", () => {
  assert.equal(addressOf("10.0.1.2"), parseAddress("10.0.1.2"));
  assert.throws(() => addressOf("10.0.1"), /"10\.0\.1" is not an IPv4 address/);
  assert.equal(blockOf("10.0.1.0/24").first, parseAddress("10.0.1.0"));
  assert.throws(() => blockOf("10.0.1/24"), /"10\.0\.1\/24" is not a CIDR/);
});

test("containment and overlap", () => {
  const [wide, narrow, beside] = ["10.0.0.0/16", "10.0.255.0/24", "10.1.0.0/24"].map((text) => parseCidr(text)!);
  assert.ok(contains(wide!, narrow!) && !contains(narrow!, wide!) && !contains(wide!, beside!));
  assert.ok(overlaps(wide!, narrow!) && overlaps(narrow!, wide!) && !overlaps(wide!, beside!));
});

test("a host beyond the block, or its broadcast address, is null", () => {
  assert.equal(hostOf(parseCidr("10.0.1.0/25")!, 100), "10.0.1.100");
  assert.equal(hostOf(parseCidr("10.0.1.0/26")!, 63), null);
  assert.equal(hostOf(parseCidr("10.0.1.0/26")!, 100), null);
});
