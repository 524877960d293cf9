/** The lab's network and machines: what the local cloud decides, packets and boots obey. */
import { join } from "node:path";
import type { MachineSpec, NetworkView, PortView } from "../dataplane.ts";
import type { Fabric, FabricOptions } from "./fabric.ts";
import { ensureImage } from "./image/image.ts";
import { systemOf } from "./image/systems.ts";
import { Machine } from "./machine/machine.ts";
import { internetAddress, labNames, portName, routerLimit, routerOfLocalAddress } from "./names.ts";
import { Router } from "./network/router.ts";
import { closedHost, openHost } from "./network/ruleset.ts";
import { removeFabric } from "./remove.ts";
import { ipBatch, ipJson, nft, serialiser, sysctl } from "./run.ts";
import { caFileOf } from "./services/ca.ts";

export type { Fabric, FabricOptions, MachineState } from "./fabric.ts";
export { ensureImage, type Image, type ImageOptions, imagePaths } from "./image/image.ts";
export { systemOf } from "./image/systems.ts";
export type { Services } from "./network/router.ts";
export { removeFabric } from "./remove.ts";
export { createCa, type LabCa } from "./services/ca.ts";
export { createDns, type LabDns } from "./services/dns.ts";
export { type LabMirror, startMirror } from "./services/mirror.ts";

/** Rejects unless the root namespace's route to an address leads into this lab's own link. */
export async function assertRouteInside(name: string, address: string): Promise<void> {
  const [route] = await ipJson<{ dev?: string }>(["route", "get", address]);
  if (route?.dev && labNames(name).isRootLink(route.dev)) return;
  const where = route?.dev ? `leads to ${route.dev}` : "does not exist";
  throw new Error(`the route to ${address} ${where}, not into the lab "${name}"; nothing was sent`);
}

export function createFabric(options: FabricOptions): Fabric {
  const { name, index, dir, services, log } = options;
  const names = labNames(name);
  const serial = serialiser();
  const routers = new Map<string, Router>();
  const machines = new Map<string, Machine>();
  /** Instances that have a network namespace. */
  const namespaces = new Set<string>();
  const cutEnis = new Set<string>();
  const poweringOff = new Set<string>();
  const offByFault = new Set<string>();
  const overloaded = new Set<string>();
  const walled = new Set<string>();
  const frozen: { instanceId: string; unit?: string }[] = [];
  let partitions: { from: string; to: string; all: boolean }[] = [];

  const machineOf = (instanceId: string): Machine => {
    const machine = machines.get(instanceId);
    if (machine) return machine;
    throw new Error(`no machine ${instanceId}; there is ${[...machines.keys()].join(", ") || "none"}`);
  };
  const portsOf = (instanceId: string): { router: Router; port: PortView }[] =>
    [...routers.values()].flatMap((router) =>
      router.view.ports.filter((port) => port.instanceId === instanceId).map((port) => ({ router, port })),
    );

  async function loadFaults(): Promise<void> {
    for (const router of routers.values()) {
      const { ports } = router.view;
      const enisOf = (id: string) => ports.filter((port) => port.instanceId === id).map((port) => portName(port.eniId));
      router.faults.dead = ports
        .filter((port) => cutEnis.has(port.eniId) || poweringOff.has(port.instanceId))
        .map((port) => portName(port.eniId));
      router.faults.cut = partitions.flatMap(({ from, to, all }) =>
        enisOf(from).flatMap((a) => enisOf(to).map((b) => ({ from: a, to: b, all }))),
      );
      await router.loadRules();
    }
  }

  async function addNamespace(instanceId: string): Promise<void> {
    const namespace = names.machine(instanceId);
    await ipBatch("", [`netns add ${namespace}`]);
    await ipBatch(namespace, ["link set lo up"]);
    if (walled.has(instanceId)) await nft(namespace, closedHost);
    namespaces.add(instanceId);
  }

  const freshNetwork = (instanceId: string) =>
    serial(async () => {
      const renew = async () => {
        await ipBatch("", [`netns del ${names.machine(instanceId)}`], true);
        await addNamespace(instanceId);
      };
      const [router] = portsOf(instanceId).map((item) => item.router);
      if (router) await router.replug(instanceId, renew);
      else if (namespaces.has(instanceId)) await renew();
    });

  async function addRouter(view: NetworkView): Promise<Router> {
    const used = new Set([...routers.values()].map(({ k }) => k));
    const k = Array.from({ length: routerLimit }, (_, n) => n).find((n) => !used.has(n));
    if (k === undefined) throw new Error(`a lab holds at most ${routerLimit} VPCs`);
    const router = new Router(names, index, k, services, view);
    routers.set(view.vpcId, router);
    await router.create();
    return router;
  }

  async function applyNow(views: NetworkView[]): Promise<void> {
    for (const [vpcId, router] of routers) {
      if (views.some((view) => view.vpcId === vpcId && view.cidr === router.view.cidr)) continue;
      await router.destroy();
      routers.delete(vpcId);
    }
    const inUse = new Set(views.flatMap((view) => view.ports.map((port) => port.instanceId)));
    for (const instanceId of inUse) if (!namespaces.has(instanceId)) await addNamespace(instanceId);
    for (const view of views) {
      const router = routers.get(view.vpcId) ?? (await addRouter(view));
      await router.apply(view);
    }
    await loadFaults();
    for (const instanceId of [...namespaces].filter((id) => !inUse.has(id) && !machines.has(id))) {
      await dropNamespace(instanceId);
    }
  }

  const dropNamespace = (instanceId: string) => {
    namespaces.delete(instanceId);
    return ipBatch("", [`netns del ${names.machine(instanceId)}`], true);
  };

  async function addMachine(spec: MachineSpec): Promise<Machine> {
    const system = systemOf(spec.imageName);
    const { trees } = await ensureImage({ cacheDir: options.cacheDir, system, log });
    const machine = new Machine(spec, {
      dir,
      trees,
      user: system.user,
      machineName: names.machine(spec.instanceId),
      cgroup: join(names.cgroup, spec.instanceId),
      caFile: caFileOf(join(dir, "ca")),
      log,
      freshNetwork: () => freshNetwork(spec.instanceId),
      eth0: () => {
        const primary = portsOf(spec.instanceId).find(({ port }) => port.deviceIndex === 0);
        if (!primary) throw new Error(`machine ${spec.name} (${spec.instanceId}) has no primary ENI`);
        return system.eth0(primary.router.view, primary.port);
      },
    });
    machines.set(spec.instanceId, machine);
    return machine;
  }

  /** NICs first: a dead machine's kernel lives on and would go on answering for its addresses. */
  async function cutPower(instanceId: string, erase = false): Promise<void> {
    const machine = machineOf(instanceId);
    poweringOff.add(instanceId);
    try {
      await serial(loadFaults);
      await (erase ? machine.erase() : machine.kill());
      await freshNetwork(instanceId);
    } finally {
      poweringOff.delete(instanceId);
      await serial(loadFaults);
    }
  }

  async function switchOn(instanceId: string): Promise<void> {
    offByFault.delete(instanceId);
    await machineOf(instanceId).start();
  }

  const fabric: Fabric = {
    async up() {
      await removeFabric(name, dir);
      await ipBatch("", [`netns add ${names.internet}`]);
      await sysctl(names.internet, {
        "net.ipv4.ip_forward": 1,
        "net.ipv4.conf.all.rp_filter": 0,
        "net.ipv4.conf.default.rp_filter": 0,
      });
      await ipBatch(names.internet, ["link set lo up", `addr add ${internetAddress}/32 dev lo`]);
    },
    async down() {
      for (const machine of machines.values()) await machine.erase();
      for (const router of routers.values()) await router.destroy();
      await serial(() => removeFabric(name, dir));
      for (const state of [routers, machines, namespaces, cutEnis, poweringOff, offByFault, overloaded, walled]) {
        state.clear();
      }
      partitions = [];
      frozen.length = 0;
    },
    apply: (views) => serial(() => applyNow(views)),
    async startMachine(spec) {
      const machine = machines.get(spec.instanceId) ?? (await addMachine(spec));
      offByFault.delete(spec.instanceId);
      await machine.start();
    },
    async stopMachine(instanceId, how) {
      offByFault.delete(instanceId);
      if (how === "soft") await machineOf(instanceId).shutdown();
      await cutPower(instanceId);
    },
    async destroyMachine(instanceId) {
      if (!machines.has(instanceId)) return;
      await cutPower(instanceId, true);
      machines.delete(instanceId);
      offByFault.delete(instanceId);
      if (portsOf(instanceId).length === 0) await serial(() => dropNamespace(instanceId));
    },
    clientNamespace(kind, vpcId) {
      if (kind === "internet") return names.internet;
      const router = vpcId === undefined && routers.size === 1 ? [...routers.values()][0] : routers.get(vpcId ?? "");
      if (!router) throw new Error(`no VPC ${vpcId ?? "given"}; there is ${[...routers.keys()].join(", ") || "none"}`);
      return names.client(router.k);
    },
    exec: async (instanceId, argv, execOptions) => machineOf(instanceId).exec(argv, execOptions),
    instanceOf(localAddress, remoteAddress) {
      const k = routerOfLocalAddress(index, localAddress);
      const router = [...routers.values()].find((item) => item.k === k);
      const remote = remoteAddress.replace(/^::ffff:/, "");
      return router?.view.ports.find((port) => port.addresses.includes(remote))?.instanceId ?? null;
    },
    async cutNic(instanceId, eniIds) {
      for (const { port } of portsOf(instanceId)) {
        if (eniIds === "all" || eniIds.includes(port.eniId)) cutEnis.add(port.eniId);
      }
      await serial(loadFaults);
    },
    async partition(instanceA, instanceB, { oneway = false, all = false } = {}) {
      partitions.push({ from: instanceA, to: instanceB, all });
      if (!oneway) partitions.push({ from: instanceB, to: instanceA, all });
      await serial(loadFaults);
    },
    async powerOff(instanceId) {
      offByFault.add(instanceId);
      await cutPower(instanceId);
    },
    powerOn: switchOn,
    async freeze(instanceId, unit) {
      machineOf(instanceId).freeze(unit);
      frozen.push({ instanceId, ...(unit === undefined ? {} : { unit }) });
    },
    async thaw(instanceId, unit) {
      machineOf(instanceId).thaw(unit);
    },
    async overload(instanceId, cpuPercent) {
      machineOf(instanceId).limitCpu(cpuPercent);
      overloaded.add(instanceId);
    },
    async firewall(instanceId) {
      walled.add(instanceId);
      await nft(names.machine(instanceId), closedHost);
    },
    async heal() {
      cutEnis.clear();
      partitions = [];
      await serial(loadFaults);
      for (const instanceId of overloaded) machines.get(instanceId)?.limitCpu(null);
      overloaded.clear();
      for (const instanceId of walled) if (namespaces.has(instanceId)) await nft(names.machine(instanceId), openHost);
      walled.clear();
      for (const { instanceId, unit } of frozen.splice(0)) machines.get(instanceId)?.thaw(unit);
      for (const instanceId of [...offByFault]) await switchOn(instanceId);
    },
    pidsOfUnit: (instanceId, unit) => machineOf(instanceId).unitPids(unit),
    machines: () =>
      [...machines.values()].map(({ spec, running }) => ({ instanceId: spec.instanceId, name: spec.name, running })),
    assertRouteInside: (address) => assertRouteInside(name, address),
  };
  return fabric;
}
