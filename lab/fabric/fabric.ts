/** What the lab's network and machines can do, and be made to suffer. */
import type { Dataplane } from "../dataplane.ts";
import type { Services } from "./network/router.ts";
import type { RunResult } from "./run.ts";

export interface FabricOptions {
  /** The lab's name: prefix of everything that the kernel sees. */
  name: string;
  /** 0-7: picks 198.18.<index>.0/24 for the links to root. */
  index: number;
  /** The lab's folder, for disks and pid files; `<dir>/ca/ca.pem` is put into the machines' trust store. */
  dir: string;
  /** The folder that all labs share, for the image. */
  cacheDir: string;
  /** Where the machines' calls of the cloud go. */
  services: Services;
  log: (text: string) => void;
}

export interface MachineState {
  instanceId: string;
  name: string;
  running: boolean;
}

export interface Fabric extends Dataplane {
  /** Makes the network's fixed parts, after clearing what a former lab of this name left. */
  up(): Promise<void>;
  /** Removes everything; idempotent. */
  down(): Promise<void>;
  /** Namespace of a client; a VPC may be left out when there is only one. */
  clientNamespace(kind: "vpc" | "internet", vpcId?: string): string;
  /** Runs a program inside a machine; resolves with its exit code, whatever it is. Rejects when the machine is off. */
  exec(instanceId: string, argv: string[], options?: { input?: string }): Promise<RunResult>;
  /** Who calls a service, from the two addresses of the connection; null for nobody of this lab. */
  instanceOf(localAddress: string, remoteAddress: string): string | null;
  /** Silently drops every packet of these ENIs; the guest sees no carrier loss. */
  cutNic(instanceId: string, eniIds: string[] | "all"): Promise<void>;
  /** Loses VRRP (or, with `all`, everything) between two machines; `oneway`: only what the first one sends. */
  partition(instanceA: string, instanceB: string, options?: { oneway?: boolean; all?: boolean }): Promise<void>;
  /** A power cut as a fault: `heal` switches it on again. */
  powerOff(instanceId: string): Promise<void>;
  powerOn(instanceId: string): Promise<void>;
  /** Halts a whole machine, or the processes of one of its units. */
  freeze(instanceId: string, unit?: string): Promise<void>;
  thaw(instanceId: string, unit?: string): Promise<void>;
  /** Lets all processes of a machine together have so much of one CPU, in percent. */
  overload(instanceId: string, cpuPercent: number): Promise<void>;
  /** Gives a machine a firewall of its own, which lets in SSH and HTTP and nothing else; it is there at each boot. */
  firewall(instanceId: string): Promise<void>;
  /** Undoes every fault above. */
  heal(): Promise<void>;
  /** Processes of one unit inside a machine, as the host numbers them. */
  pidsOfUnit(instanceId: string, unit: string): number[];
  machines(): MachineState[];
  /** Rejects unless the host's packets to this address stay inside this lab. To be called before a probe is sent. */
  assertRouteInside(address: string): Promise<void>;
}
