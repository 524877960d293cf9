/** Every name and number of a lab that the kernel sees, derived from the lab's name alone: so ruins can be found. */
import { createHash } from "node:crypto";

const hash = (text: string) => createHash("sha256").update(text).digest();
const literal = (text: string) => text.replaceAll(/[^A-Za-z0-9]/g, "\\$&");

/** More routers than a lab's address block (198.18.<index>.0/24, four addresses each) can serve can't be had. */
export const routerLimit = 63;

/** The client in the internet. */
export const internetAddress = "198.51.100.10";
/** What the internet client takes for its gateway; every router answers to it. */
export const internetGateway = "198.51.100.1";

export interface LabNames {
  internet: string;
  router(k: number): string;
  client(k: number): string;
  /** Namespace and nspawn name of a machine. */
  machine(instanceId: string): string;
  /** Root's end of the link to router k. */
  rootLink(k: number): string;
  /** Routing table that leads root's answers back to router k. */
  table(k: number): number;
  /** Below each cgroup hierarchy: the one folder that holds the lab's machines. */
  cgroup: string;
  isNamespace(name: string): boolean;
  isMachine(name: string): boolean;
  isRootLink(name: string): boolean;
  isTable(table: number): boolean;
}

/** @param name the lab's name: lower case letters, digits and "-", at most 24 characters. */
export function labNames(name: string): LabNames {
  if (!/^[a-z0-9][a-z0-9-]{0,23}$/.test(name)) {
    throw new Error(`lab name "${name}": use 1 to 24 lower case letters, digits and "-"`);
  }
  const digest = hash(name);
  // Interface names end at 15 characters and routing tables are numbers, so both carry a hash of the name.
  const link = `kc${digest.toString("hex").slice(0, 8)}r`;
  const firstTable = 1_000_000 + digest.readUIntBE(0, 3) * 64;
  const prefix = literal(name);
  // Of an id only its own form: the machines of the lab "x-m" begin with "x-m-" too, and `down` of "x" would end them.
  const machine = new RegExp(`^${prefix}-m-ins-[A-Za-z0-9]+$`);
  const other = new RegExp(`^${prefix}-(net|[rc]\\d+)$`);
  return {
    internet: `${name}-net`,
    router: (k) => `${name}-r${k}`,
    client: (k) => `${name}-c${k}`,
    machine: (instanceId) => `${name}-m-${instanceId}`,
    rootLink: (k) => `${link}${k}`,
    table: (k) => firstTable + k,
    cgroup: `keepalived-cluster.${name}`,
    isNamespace: (text) => machine.test(text) || other.test(text),
    isMachine: (text) => machine.test(text),
    isRootLink: (text) => text.startsWith(link) && /^\d+$/.test(text.slice(link.length)),
    isTable: (table) => table >= firstTable && table < firstTable + 64,
  };
}

/** Root's and the router's address on the link between them. */
export const linkAddresses = (index: number, k: number) => ({
  root: `198.18.${index}.${4 * k + 1}`,
  router: `198.18.${index}.${4 * k + 2}`,
});

/** Which router a service was called through, from its local address; null for another caller. */
export function routerOfLocalAddress(index: number, address: string): number | null {
  const match = /^(?:::ffff:)?198\.18\.(\d+)\.(\d+)$/.exec(address);
  return match && Number(match[1]) === index && Number(match[2]) % 4 === 1 ? (Number(match[2]) - 1) / 4 : null;
}

/** The port of an ENI on its router, at most 15 characters; the ENI's id where that fits. */
export const portName = (eniId: string): string =>
  /^[A-Za-z0-9-]{1,15}$/.test(eniId) ? eniId : `eni-${hash(eniId).toString("hex").slice(0, 10)}`;
