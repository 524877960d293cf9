/** Whether the pair is as it should be. Pure: facts in, a verdict and its reasons out. */
import { bad, good } from "../../terminal/colours.ts";
import { type Column, table } from "../../terminal/table.ts";

export type NodeState = "MASTER" | "BACKUP" | "FAULT" | "STOPPED" | "OFF" | "UNKNOWN";

export interface NodeFacts {
  name: "a" | "b";
  instanceId: string;
  eniId: string;
  /** Address of the ENI that speaks VRRP. */
  address: string;
  /** Where ssh reaches the node from this machine. */
  publicIp: string;
  state: NodeState;
  /** Unix seconds at which keepalived said so, null when it says nothing. */
  since: number | null;
  vipOnNic: boolean;
  maintenance: boolean;
}

export interface PairFacts {
  pair: string;
  mode: "stable" | "standing-master";
  preferredNode: "a" | "b";
  vip: string;
  publicIp: string | null;
  /** Node whose ENI has the VIP in the cloud, AVAILABLE. */
  cloudHolder: "a" | "b" | null;
  nodes: NodeFacts[];
  /** What each client of the lab got from the VIP (and from the EIP): the name of the node, or what went wrong. */
  answers: { client: string; target: string; answer: string }[];
}

export interface Status {
  schemaVersion: 1;
  pair: string;
  engine: string;
  mode: PairFacts["mode"];
  /** One MASTER, the VIP on its NIC and AVAILABLE on its ENI, all clients served by it, and the preferred one if the mode asks. */
  converged: boolean;
  /** What is not so; empty when converged. */
  why: string[];
  vips: {
    address: string;
    publicIp: string | null;
    cloudHolder: "a" | "b" | null;
    onNic: string[];
    reachable: boolean;
  }[];
  nodes: Pick<
    NodeFacts,
    "name" | "instanceId" | "eniId" | "address" | "publicIp" | "state" | "since" | "maintenance"
  >[];
}

/** The verdict on one pair. */
export function judge(engine: string, facts: PairFacts): Status {
  const why: string[] = [];
  const masters = facts.nodes.filter(({ state }) => state === "MASTER");
  const master = masters.length === 1 ? masters[0] : undefined;
  if (!master) {
    const states = facts.nodes.map(({ name, state }) => `${name} is ${state}`).join(", ");
    why.push(`${masters.length} nodes are MASTER, wanted one: ${states}`);
  }
  const onNic = facts.nodes.filter(({ vipOnNic }) => vipOnNic).map(({ name }) => name);
  if (master && !onNic.includes(master.name)) why.push(`the VIP is not on the NIC of the MASTER, ${master.name}`);
  for (const name of onNic)
    if (name !== master?.name) why.push(`the VIP is on the NIC of ${name}, which is not the MASTER`);
  if (facts.cloudHolder === null) why.push("in the cloud no node's ENI has the VIP AVAILABLE");
  else if (master && facts.cloudHolder !== master.name) {
    why.push(`in the cloud ${facts.cloudHolder} has the VIP, the MASTER is ${master.name}`);
  }
  for (const { client, target, answer } of facts.answers) {
    if (!master || answer !== master.name) {
      why.push(
        `the ${client} client got ${JSON.stringify(answer)} from ${target}, wanted ${JSON.stringify(master?.name ?? "a node's name")}`,
      );
    }
  }
  const healthy = facts.nodes.every(
    ({ state, maintenance }) => (state === "MASTER" || state === "BACKUP") && !maintenance,
  );
  if (facts.mode === "standing-master" && healthy && master && master.name !== facts.preferredNode) {
    why.push(
      `the MASTER is ${master.name}; both nodes are healthy, so it should be the preferred one, ${facts.preferredNode}`,
    );
  }
  const answered = facts.answers.length > 0 && facts.answers.every(({ answer }) => master && answer === master.name);
  return {
    schemaVersion: 1,
    pair: facts.pair,
    engine,
    mode: facts.mode,
    converged: why.length === 0,
    why,
    vips: [
      { address: facts.vip, publicIp: facts.publicIp, cloudHolder: facts.cloudHolder, onNic, reachable: answered },
    ],
    nodes: facts.nodes.map(({ name, instanceId, eniId, address, publicIp, state, since, maintenance }) => ({
      name,
      instanceId,
      eniId,
      address,
      publicIp,
      state,
      since,
      maintenance,
    })),
  };
}

const columns: Column[] = [
  { head: "node" },
  { head: "instance", drop: 2 },
  { head: "address", drop: 1 },
  { head: "keepalived" },
  { head: "VIP on NIC" },
  { head: "VIP in cloud" },
];

/** The screen of `up` and `status`. @param width of the terminal; without it this one's */
export function screen(status: Status, next: string[], width?: number): string {
  const rows = status.nodes.map((node) => [
    node.name,
    node.instanceId,
    node.address,
    node.state + (node.maintenance ? " (maintenance)" : ""),
    status.vips.some(({ onNic }) => onNic.includes(node.name)) ? "yes" : "-",
    status.vips.some(({ cloudHolder }) => cloudHolder === node.name) ? "yes" : "-",
  ]);
  const vips = status.vips.map(
    ({ address, publicIp, reachable }) =>
      `VIP ${address}${publicIp ? `, public ${publicIp}` : ""}: ${reachable ? "answers every client" : bad("does NOT answer every client")}`,
  );
  return [
    `${status.pair}: ${status.converged ? good("healthy") : bad("NOT as it should be")} (mode ${status.mode}, engine ${status.engine})`,
    ...vips,
    "",
    ...table(columns, rows, width),
    ...(status.why.length > 0 ? ["", ...status.why.map((reason) => `  ${bad("!")} ${reason}`)] : []),
    ...(next.length > 0 ? ["", "Next:", ...next.map((line) => `  ${line}`)] : []),
  ].join("\n");
}
