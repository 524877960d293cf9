/** A pair as it stands in the cloud: who has the VIP, by which ENI, and where clients come from. Pure. */
import { line, page, rect, text, widthOf } from "./svg.ts";

type Node = "a" | "b";

/** What `npm run ha -- status --json` tells of a pair, as far as it is drawn. */
export interface Pair {
  vip: string;
  /** The VIP's EIP, null without one. */
  publicIp: string | null;
  /** Null while nobody is, or both are. */
  master: Node | null;
  nodes: Record<Node, { instanceId: string; eniId: string; address: string }>;
}

const nodes: Node[] = ["a", "b"];
const [width, height] = [880, 470];
const [nodeTop, nodeWidth, nodeHeight] = [330, 320, 96];
const left: Record<Node, number> = { a: 80, b: 480 };
const middle = (node: Node) => left[node] + nodeWidth / 2;
const vipTop = 262;
const pill = { rx: 14 };
const centred = { "text-anchor": "middle" };

const box = (x: number, y: number, w: number, words: string) => [
  rect(x, y, w, 36, { class: "box", rx: 6 }),
  text(x + w / 2, y + 23, words, centred),
];

/** A line that goes down, then across, then down, and ends in a tip. */
function arrow(from: [number, number], to: [number, number], turnY: number): string[] {
  const [[x1, y1], [x2, y2]] = [from, to];
  return [
    `<path d="M${x1} ${y1}V${turnY}H${x2}V${y2 - 6}" class="ink"/>`,
    `<path d="M${x2 - 5} ${y2 - 8}L${x2 + 5} ${y2 - 8}L${x2} ${y2}Z" class="tip"/>`,
  ];
}

function nodeBox(node: Node, { instanceId, eniId, address }: Pair["nodes"][Node], role: string): string[] {
  const x = left[node];
  return [
    rect(x, nodeTop, nodeWidth, nodeHeight, { class: "box", rx: 6 }),
    rect(x + 30, nodeTop - 15, nodeWidth - 60, 30, { class: "eni", rx: 4 }, `ENI of node ${node}`),
    text(middle(node), nodeTop + 5, `ENI ${eniId} · ${address}`, { class: "on", ...centred }),
    text(middle(node), nodeTop + 42, `node ${node} · ${role}`, { class: "strong", ...centred }),
    text(middle(node), nodeTop + 62, `CVM ${instanceId}`, { class: "faint", ...centred }),
    text(middle(node), nodeTop + 82, "keepalived · keepalived-vip", { class: "faint", ...centred }),
  ];
}

export function topologySvg({ vip, publicIp, master, nodes: known }: Pair): string {
  const holder = master ?? "a";
  const standby: Node = holder === "a" ? "b" : "a";
  const role = (node: Node) => (master === null ? "no MASTER" : node === master ? "MASTER" : "BACKUP");
  const vipWords = `VIP ${vip}`;
  const vipWidth = widthOf(vipWords) + 40;
  const vipLeft = (node: Node) => middle(node) - vipWidth / 2;
  const [ghostFrom, ghostTo] = [middle(holder), middle(standby)].map(
    (x, n) => x + (n === 0 ? 1 : -1) * (vipWidth / 2) * (holder === "a" ? 1 : -1),
  );
  const body = [
    rect(20, 96, width - 40, height - 116, { class: "area", rx: 10 }),
    text(36, 118, "VPC", { class: "faint" }),
    rect(40, 196, width - 80, height - 236, { class: "area", rx: 10 }),
    text(56, 218, "subnet, in one zone", { class: "faint" }),
    ...box(140, 128, 200, "clients in the VPC"),
    ...(publicIp === null
      ? []
      : [
          ...box(540, 20, 200, "clients on the internet"),
          rect(550, 83, 180, 28, { class: "eip", ...pill }, "the VIP's public address"),
          text(640, 102, `EIP ${publicIp}`, { class: "on", ...centred }),
          line(640, 56, 640, 83, { class: "ink" }),
          ...arrow([640, 111], [middle(holder) + 30, vipTop], 236),
        ]),
    ...arrow([240, 164], [middle(holder) - (publicIp === null ? 0 : 30), vipTop], 182),
    rect(vipLeft(holder), vipTop, vipWidth, 30, { class: "vip", ...pill }, `the cloud delivers ${vip} here`),
    text(middle(holder), vipTop + 20, vipWords, { class: "on strong", ...centred }),
    line(middle(holder), vipTop + 30, middle(holder), nodeTop - 15, { class: "ink" }),
    rect(vipLeft(standby), vipTop, vipWidth, 30, { class: "ghost", ...pill }),
    text(middle(standby), vipTop + 20, "after a failover", { class: "faint", ...centred }),
    line(ghostFrom ?? 0, vipTop + 15, ghostTo ?? 0, vipTop + 15, { class: "ghost" }),
    text(width / 2, vipTop + 7, "MigratePrivateIpAddress", { class: "faint", ...centred }),
    text(width / 2, vipTop + 32, "by the node that becomes MASTER", { class: "faint", ...centred }),
    ...nodes.flatMap((node) => nodeBox(node, known[node], role(node))),
    line(left.a + nodeWidth, nodeTop + 48, left.b, nodeTop + 48, { class: "ink" }),
    text(width / 2, nodeTop + 40, "VRRP", { class: "faint", ...centred }),
  ];
  const style =
    ".area{fill:none;stroke:#8b949e;stroke-dasharray:2 3}.eni{fill:#3d6fa5}.vip{fill:#2a9d8f}.eip{fill:#a3622b}" +
    ".ghost{fill:none;stroke:#2a9d8f;stroke-dasharray:5 4;stroke-width:1.5}.ink{stroke-width:1.5}";
  return page(width, height, `A pair: ${vipWords} on node ${holder}, which is MASTER`, body, style);
}
