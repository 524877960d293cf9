/** One VPC in the kernel: its router namespace, the links to root, internet and client, and a cable per ENI. */
import type { NetworkView, PortView } from "../../dataplane.ts";
import { internetAddress, internetGateway, type LabNames, linkAddresses, portName } from "../names.ts";
import { ipBatch, nft, run, sysctl, tryRun } from "../run.ts";
import { clientAddress, departures, deviceOf, type Routes, routeChanges, routesOf, sameCable } from "./plan.ts";
import { departing, type RouterFaults, ruleset, type ServicePorts } from "./ruleset.ts";

/** The same on every port, as a VPC's gateway has one MAC. */
const gatewayMac = "fe:ee:0b:ca:e5:01";
/** The client's gateway; on no port, so it can't meet an address of a view. */
const clientGateway = "169.254.1.1";

const quietSysctls = (dev: string) => ({
  [`net.ipv4.conf.${dev}.proxy_arp`]: 1,
  [`net.ipv4.conf.${dev}.send_redirects`]: 0,
  [`net.ipv4.conf.${dev}.rp_filter`]: 0,
  // The default delays a proxied ARP answer by up to 0.8 s, at random.
  [`net.ipv4.neigh.${dev}.proxy_delay`]: 0,
  [`net.ipv6.conf.${dev}.disable_ipv6`]: 1,
});

/** What machines call of the cloud, in the root namespace. */
export interface Services {
  ports: ServicePorts;
  /** Opens them on root's end of a router's link: what answers from there goes to the router, so no other host connects. */
  open(address: string): Promise<{ close(): Promise<void> }>;
}

export class Router {
  readonly k: number;
  readonly namespace: string;
  readonly faults: RouterFaults = { dead: [], cut: [] };
  #names: LabNames;
  #index: number;
  #services: Services;
  #closeServices: () => Promise<void> = async () => {};
  #view: NetworkView;
  #routes: Routes = new Map();
  #plugged = new Map<string, PortView>();
  #gateways: string[] = [];
  #client = "";
  #rules = "";
  #publics: Map<string, string> = new Map();

  constructor(names: LabNames, index: number, k: number, services: Services, view: NetworkView) {
    this.#names = names;
    this.#index = index;
    this.k = k;
    this.namespace = names.router(k);
    this.#services = services;
    this.#view = { ...view, ports: [], publicAddresses: [], subnets: [] };
  }

  get view(): NetworkView {
    return this.#view;
  }

  get links() {
    return linkAddresses(this.#index, this.k);
  }

  /** The router itself, without any ENI. */
  async create(): Promise<void> {
    const { root, router } = this.links;
    const names = this.#names;
    const rootLink = names.rootLink(this.k);
    await ipBatch("", [`netns add ${this.namespace}`, `netns add ${names.client(this.k)}`]);
    await sysctl(this.namespace, {
      "net.ipv4.ip_forward": 1,
      "net.ipv4.conf.all.send_redirects": 0,
      "net.ipv4.conf.default.send_redirects": 0,
      "net.ipv4.conf.all.rp_filter": 0,
      "net.ipv4.conf.default.rp_filter": 0,
      "net.ipv4.conf.all.accept_redirects": 0,
    });
    await ipBatch(this.namespace, [
      "link set lo up",
      `addr add ${clientGateway}/32 dev lo`,
      // netns 1 is the namespace of process 1: root's.
      `link add root type veth peer name ${rootLink} netns 1`,
      `addr add ${router}/30 dev root`,
      "link set root up",
      `link add inet type veth peer name r${this.k} netns ${names.internet}`,
      `addr add ${internetGateway}/32 dev inet`,
      "link set inet up",
      `route add ${internetAddress}/32 dev inet`,
      `route add default via ${internetAddress} dev inet onlink`,
      // Silence for an address that nobody has: a cloud sends no "net unreachable".
      `route add blackhole ${this.#view.cidr}`,
      `link add client address ${gatewayMac} type veth peer name eth0 netns ${names.client(this.k)}`,
    ]);
    await sysctl(this.namespace, quietSysctls("client"));
    await ipBatch(this.namespace, ["link set client up"]);
    await ipBatch("", [
      `addr add ${root}/30 dev ${rootLink}`,
      `link set ${rootLink} up`,
      `route replace default via ${router} dev ${rootLink} table ${names.table(this.k)}`,
      `rule add from ${root} lookup ${names.table(this.k)}`,
    ]);
    await ipBatch(names.internet, [`link set r${this.k} up`]);
    const services = await this.#services.open(root);
    this.#closeServices = () => services.close();
  }

  /** Makes it what the view says. A moved address alone costs one call of `nft` and one of `ip`. */
  async apply(view: NetworkView): Promise<void> {
    const wanted = new Map(view.ports.map((port) => [port.eniId, port]));
    for (const [eniId, port] of this.#plugged) {
      const next = wanted.get(eniId);
      if (!next || !sameCable(port, next)) await this.#unplug(port);
    }
    const fresh = view.ports.filter((port) => !this.#plugged.has(port.eniId));
    this.#view = view;
    await this.#setGateways(view.subnets.map(({ gateway }) => gateway));
    // Rules know a port before it carries packets; a new address is reachable only after its rules are.
    await this.loadRules();
    for (const port of fresh) await this.#plug(port);
    const routes = routesOf(view);
    const changes = routeChanges(this.#routes, routes);
    if (changes.length > 0) await nft(this.namespace, departing(departures(this.#routes, routes)));
    await ipBatch(this.namespace, changes);
    this.#routes = routes;
    await this.#setPublics(new Map(view.publicAddresses.map((item) => [item.publicIp, item.privateIp])));
    await this.#setClient(clientAddress(view));
  }

  /** Loads the rules for the present view and faults, if they differ from what is loaded. */
  async loadRules(): Promise<void> {
    const text = ruleset({
      view: this.#view,
      root: this.links.root,
      services: this.#services.ports,
      faults: this.faults,
    });
    if (text === this.#rules) return;
    await nft(this.namespace, text);
    this.#rules = text;
  }

  /** The cables of a machine anew, as after a power cut: out, `renew` makes its namespace new, in again. */
  async replug(instanceId: string, renew: () => Promise<void>): Promise<void> {
    const ports = this.#view.ports.filter((port) => port.instanceId === instanceId);
    for (const port of ports) await this.#unplug(port);
    await renew();
    for (const port of ports) await this.#plug(port);
    const routes = routesOf(this.#view);
    await ipBatch(this.namespace, routeChanges(this.#routes, routes));
    this.#routes = routes;
  }

  async destroy(): Promise<void> {
    await this.#closeServices();
    const table = this.#names.table(this.k);
    await ipBatch(
      "",
      [
        `rule del lookup ${table}`,
        `link del ${this.#names.rootLink(this.k)}`,
        `netns del ${this.#names.client(this.k)}`,
        `netns del ${this.namespace}`,
      ],
      true,
    );
  }

  async #plug(port: PortView): Promise<void> {
    const dev = portName(port.eniId);
    const machine = this.#names.machine(port.instanceId);
    const mac = port.mac.toLowerCase();
    const peer = `peer name eth${port.deviceIndex} address ${mac} netns ${machine}`;
    await ipBatch(this.namespace, [`link add ${dev} address ${gatewayMac} type veth ${peer}`]);
    await sysctl(this.namespace, quietSysctls(dev));
    await ipBatch(this.namespace, [
      `link set ${dev} up`,
      `neigh replace ${port.primaryAddress} lladdr ${mac} dev ${dev} nud permanent`,
    ]);
    this.#plugged.set(port.eniId, port);
  }

  /** Takes the cable out. Its routes go with it, so they are forgotten here too. */
  async #unplug(port: PortView): Promise<void> {
    const dev = portName(port.eniId);
    await ipBatch(this.namespace, [`link del ${dev}`], true);
    this.#plugged.delete(port.eniId);
    for (const [address, way] of this.#routes) {
      if (deviceOf(way) === dev) this.#routes.delete(address);
    }
  }

  async #setGateways(gateways: string[]): Promise<void> {
    const gone = this.#gateways.filter((address) => !gateways.includes(address));
    const added = gateways.filter((address) => !this.#gateways.includes(address));
    await ipBatch(this.namespace, [
      ...gone.map((address) => `addr del ${address}/32 dev lo`),
      ...added.map((address) => `addr add ${address}/32 dev lo`),
    ]);
    this.#gateways = gateways;
  }

  /** Routes of public addresses in root and in the internet. Flows of a changed address are cut: NAT keeps them else. */
  async #setPublics(publics: Map<string, string>): Promise<void> {
    const { root, router } = this.links;
    const rootLink = this.#names.rootLink(this.k);
    const gone = [...this.#publics.keys()].filter((address) => !publics.has(address));
    const added = [...publics.keys()].filter((address) => !this.#publics.has(address));
    const changed = [...this.#publics].filter(([address, to]) => publics.get(address) !== to);
    // Another router may have taken the address over already: only a route through this one is removed.
    await ipBatch(
      "",
      gone.map((address) => `route del ${address}/32 dev ${rootLink}`),
      true,
    );
    await ipBatch(
      this.#names.internet,
      gone.map((address) => `route del ${address}/32 dev r${this.k}`),
      true,
    );
    await ipBatch(
      "",
      added.map((address) => `route replace ${address}/32 via ${router} dev ${rootLink} src ${root}`),
    );
    await ipBatch(
      this.#names.internet,
      added.map((address) => `route replace ${address}/32 via ${internetGateway} dev r${this.k} onlink`),
    );
    this.#publics = publics;
    for (const [publicIp] of changed) {
      await tryRun("ip", ["netns", "exec", this.namespace, "conntrack", "-D", "-d", publicIp]);
      await tryRun("ip", ["netns", "exec", this.namespace, "conntrack", "-D", "-q", publicIp]);
    }
  }

  async #setClient(address: string): Promise<void> {
    if (address === this.#client) return;
    const client = this.#names.client(this.k);
    await run("ip", ["-n", client, "addr", "flush", "dev", "eth0"]);
    await ipBatch(client, [
      "link set lo up",
      `addr add ${address}/32 dev eth0`,
      "link set eth0 up",
      `route replace default via ${clientGateway} dev eth0 onlink src ${address}`,
    ]);
    const former = this.#client ? [`route del ${this.#client}/32 dev client`] : [];
    await ipBatch(this.namespace, [...former, `route replace ${address}/32 dev client`]);
    this.#client = address;
  }
}
