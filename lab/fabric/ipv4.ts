/** IPv4 addresses as numbers. */

export const toNumber = (address: string): number =>
  address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

export const toAddress = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");

export interface Range {
  first: number;
  last: number;
  bits: number;
}

export function rangeOf(cidr: string): Range {
  const [address = "", bitsText = "32"] = cidr.split("/");
  const bits = Number(bitsText);
  const size = 2 ** (32 - bits);
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1, bits };
}

export const contains = (cidr: string, address: string): boolean => {
  const { first, last } = rangeOf(cidr);
  const value = toNumber(address);
  return value >= first && value <= last;
};
