/** What a router must look like for a view, and which lines of `ip` lead from one state to the next. Pure. */
import { blockOf, formatAddress, holds } from "../../../render/ipv4.ts";
import type { NetworkView, PortView } from "../../dataplane.ts";
import { portName } from "../names.ts";

/** address -> arguments of `ip route` that deliver it. */
export type Routes = Map<string, string>;

/** Each address's packets go to the ENI that owns it, by way of its primary address: the one neighbour it needs. */
export function routesOf(view: NetworkView): Routes {
  const routes: Routes = new Map();
  for (const port of view.ports) {
    const dev = portName(port.eniId);
    for (const address of port.addresses) {
      routes.set(
        address,
        address === port.primaryAddress ? `dev ${dev}` : `via ${port.primaryAddress} dev ${dev} onlink`,
      );
    }
    routes.set(port.primaryAddress, `dev ${dev}`);
  }
  return routes;
}

/** Lines for one `ip -batch`: a moved address is one `replace`, so at no instant nobody owns it. */
export function routeChanges(from: Routes, to: Routes): string[] {
  const gone = [...from.keys()].filter((address) => !to.has(address)).map((address) => `route del ${address}/32`);
  const set = [...to].filter(([address, way]) => from.get(address) !== way);
  return [...set.map(([address, way]) => `route replace ${address}/32 ${way}`), ...gone];
}

/** The device in the arguments of `ip route`. */
export const deviceOf = (way: string): string | undefined => /\bdev (\S+)/.exec(way)?.[1];

/** The addresses that move to another port, with the port that each of them leaves. */
export function departures(from: Routes, to: Routes): { dev: string; address: string }[] {
  return [...from].flatMap(([address, way]) => {
    const [before, after] = [deviceOf(way), deviceOf(to.get(address) ?? "")];
    return before !== undefined && after !== undefined && before !== after ? [{ dev: before, address }] : [];
  });
}

/** Whether two views of a port need two different cables: then the port is unplugged and plugged again. */
export const sameCable = (a: PortView, b: PortView): boolean =>
  a.instanceId === b.instanceId &&
  a.deviceIndex === b.deviceIndex &&
  a.mac === b.mac &&
  a.primaryAddress === b.primaryAddress;

/**
 * The address of the client inside a VPC: the highest one that lies in no subnet; if the subnets fill the VPC, the
 * highest that no ENI and no gateway has. (The last two are left alone: broadcast, and what people like for gateways.)
 */
export function clientAddress(view: NetworkView): string {
  const { first, last } = blockOf(view.cidr);
  const subnets = view.subnets.map(({ cidr }) => blockOf(cidr));
  const taken = new Set([
    ...view.ports.flatMap((port) => port.addresses),
    ...view.subnets.map(({ gateway }) => gateway),
  ]);
  let candidate: string | null = null;
  // Subnets are few and packed at the bottom in practice; the search jumps over a whole subnet at a time.
  for (let value = last - 2; value > first; ) {
    const subnet = subnets.find((block) => holds(block, value));
    if (!subnet) return formatAddress(value);
    for (let inside = value; candidate === null && inside >= subnet.first; inside--) {
      if (!taken.has(formatAddress(inside))) candidate = formatAddress(inside);
    }
    value = subnet.first - 1;
  }
  if (candidate === null) throw new Error(`VPC ${view.vpcId} (${view.cidr}) has no address left for the lab's client`);
  return candidate;
}
