/** IPv4 arithmetic: what lies in which range, and what a subnet keeps for itself. */
import { isIPv4 } from "node:net";
import { malformed } from "./errors.ts";

export interface Range {
  first: number;
  last: number;
  prefix: number;
}

export const toNumber = (address: string) =>
  address.split(".").reduce((number, part) => number * 256 + Number(part), 0);

export const toAddress = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");

/** Reads a CIDR in network form (no host bits set), as the API demands it. */
export function readCidr(parameter: string, cidr: string, minPrefix: number, maxPrefix: number): Range {
  const [address = "", length = "", ...rest] = cidr.split("/");
  const prefix = Number(length);
  if (!isIPv4(address) || !/^\d{1,2}$/.test(length) || rest.length > 0 || prefix > 32) {
    throw malformed(parameter, cidr, "an IPv4 CIDR such as 10.0.0.0/16");
  }
  if (prefix < minPrefix || prefix > maxPrefix) {
    throw malformed(parameter, cidr, `the prefix length must be ${minPrefix} to ${maxPrefix}`);
  }
  const size = 2 ** (32 - prefix);
  const first = toNumber(address);
  if (first % size !== 0) throw malformed(parameter, cidr, "host bits are set");
  return { first, last: first + size - 1, prefix };
}

/** For a CIDR that was checked when it came in. */
export const rangeOf = (cidr: string) => readCidr("CidrBlock", cidr, 0, 32);

export const inside = (range: Range, number: number) => number >= range.first && number <= range.last;

export const overlap = (one: Range, other: Range) => one.first <= other.last && other.first <= one.last;

/** The first address of a subnet is its gateway. */
export const gatewayOf = (cidr: string) => toAddress(rangeOf(cidr).first + 1);

/** Network address, gateway and broadcast address belong to nobody. */
export const isReserved = (range: Range, number: number) =>
  number === range.first || number === range.first + 1 || number === range.last;
