/**
 * IPv4 arithmetic on plain numbers, for the whole project. The `parse` functions take text as a user writes it; null means
 * "not IPv4". addressOf and blockOf take what was checked when it came in.
 */

/** A block of addresses in network form. */
export interface Block {
  /** First address as a number. */
  first: number;
  /** Last address as a number. */
  last: number;
  /** Length of the prefix, 0-32. */
  prefix: number;
}

const octet = "(?:0|[1-9]\\d{0,2})";
const addressPattern = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

/** `10.0.1.2` as a number. Leading zeros are refused: some programs read them as octal. */
export function parseAddress(text: string): number | null {
  if (!addressPattern.test(text)) return null;
  const octets = text.split(".").map(Number);
  return octets.every((value) => value <= 255) ? octets.reduce((sum, value) => sum * 256 + value, 0) : null;
}

/** The number as `10.0.1.2`. */
export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** `10.0.1.0/24` as a block; `host` tells that bits behind the prefix are set (10.0.1.5/24), which the cloud refuses. */
export function parseCidr(text: string): (Block & { host: boolean }) | null {
  const [, address = "", length = ""] = /^([^/]+)\/(\d{1,2})$/.exec(text) ?? [];
  const value = parseAddress(address);
  const prefix = Number(length);
  if (value === null || length === "" || prefix > 32 || String(prefix) !== length) return null;
  const size = 2 ** (32 - prefix);
  const first = value - (value % size);
  return { first, last: first + size - 1, prefix, host: first !== value };
}

/** An address as a number. @throws Error when it is none. */
export function addressOf(text: string): number {
  const value = parseAddress(text);
  if (value === null) throw new Error(`"${text}" is not an IPv4 address`);
  return value;
}

/** A CIDR as a block. @throws Error when it is none. */
export function blockOf(cidr: string): Block {
  const block = parseCidr(cidr);
  if (block === null) throw new Error(`"${cidr}" is not a CIDR`);
  return block;
}

export const formatBlock = (block: Block): string => `${formatAddress(block.first)}/${block.prefix}`;
export const contains = (outer: Block, inner: Block): boolean => outer.first <= inner.first && inner.last <= outer.last;
export const overlaps = (one: Block, other: Block): boolean => one.first <= other.last && other.first <= one.last;
export const holds = (block: Block, address: number): boolean => block.first <= address && address <= block.last;

/** The n-th host of a block (10.0.1.0/24, 16 -> 10.0.1.16), null when the block is too small for it. */
export function hostOf(block: Block, n: number): string | null {
  const address = block.first + n;
  return address < block.last ? formatAddress(address) : null;
}
