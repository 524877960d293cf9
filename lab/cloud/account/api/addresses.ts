/** What the API asks of a CIDR, and what a subnet keeps for itself. */
import { type Block, blockOf, formatAddress, parseAddress, parseCidr } from "../../../../render/ipv4.ts";
import { malformed } from "./errors.ts";

/** An address as a number; refuses what is none. */
export function readAddress(parameter: string, address: string): number {
  const number = parseAddress(address);
  if (number === null) throw malformed(parameter, address, "an IPv4 address such as 10.0.1.16");
  return number;
}

/** Reads a CIDR in network form (no host bits set), as the API demands it. */
export function readCidr(parameter: string, cidr: string, minPrefix: number, maxPrefix: number): Block {
  const block = parseCidr(cidr);
  if (block === null) throw malformed(parameter, cidr, "an IPv4 CIDR such as 10.0.0.0/16");
  if (block.prefix < minPrefix || block.prefix > maxPrefix) {
    throw malformed(parameter, cidr, `the prefix length must be ${minPrefix} to ${maxPrefix}`);
  }
  if (block.host) throw malformed(parameter, cidr, "host bits are set");
  return block;
}

/** The first address of a subnet is its gateway. */
export const gatewayOf = (cidr: string) => formatAddress(blockOf(cidr).first + 1);

/** Network address, gateway and broadcast address belong to nobody. */
export const isReserved = (block: Block, number: number) =>
  number === block.first || number === block.first + 1 || number === block.last;
