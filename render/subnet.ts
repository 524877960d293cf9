/** The addresses of a subnet, as Tencent Cloud gives them out. */
import { type Block, formatAddress, formatBlock, holds, parseAddress } from "./ipv4.ts";
import { shown } from "./shown.ts";

/** Tencent Cloud keeps the first address (network), the second (gateway) and the last (broadcast) of every subnet. */
const reservedIn = (subnet: Block) =>
  new Map([
    [subnet.first, "the network address"],
    [subnet.first + 1, "the gateway"],
    [subnet.last, "the broadcast address"],
  ]);

/** First and last address that a NIC can have, for a message. */
export const rangeOf = (subnet: Block): string =>
  `${formatAddress(subnet.first + 2)} to ${formatAddress(subnet.last - 1)}`;

/** What a message calls allowed for an address. */
export const allowedIn = (subnet: Block): string =>
  `allowed: an address of the subnet ${formatBlock(subnet)}, ${rangeOf(subnet)}`;

function problemOf(subnet: Block, text: string): string | null {
  const value = parseAddress(text);
  if (value === null) return "is not an IPv4 address";
  if (!holds(subnet, value)) return "is outside the subnet";
  const reserved = reservedIn(subnet).get(value);
  return reserved === undefined ? null : `is ${reserved} of the subnet`;
}

/** Of several keys with an address of the subnet each: what is wrong, at most one problem for a key. */
export function addressProblems(
  subnet: Block,
  wanted: { key: string; address: string }[],
): { key: string; text: string }[] {
  const taken = new Map<string, string>();
  return wanted.flatMap(({ key, address }) => {
    const problem = problemOf(subnet, address);
    const other = taken.get(address);
    if (problem !== null) return [{ key, text: `${shown(address)} ${problem}; ${allowedIn(subnet)}` }];
    if (other !== undefined) {
      return [{ key, text: `"${address}" is already ${other}; ${allowedIn(subnet)}, one for each` }];
    }
    taken.set(address, key);
    return [];
  });
}
