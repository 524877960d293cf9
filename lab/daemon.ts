import { join } from "node:path";
import { type Behaviour, createdAndDeleted, type FaultSettings, forbiddenActions, startCloud } from "./cloud/index.ts";
import { serveControl } from "./control.ts";
import { createCa, createDns, createFabric, startMirror } from "./fabric/index.ts";
import { faultNamed, healAll, type NodeName, type Scene, undo } from "./faults.ts";
import { pairsOfModel } from "./pair/pairs.ts";
import { cacheDir, labPaths, readConfig } from "./state.ts";

const name = process.argv[2] ?? "";
const config = readConfig(name);
if (!config) throw new Error(`no lab named "${name}"`);
const paths = labPaths(name);
const log = (text: string) => console.log(`${new Date().toISOString()} ${text}`);

// Services of different labs must not meet on one machine: the ports follow the lab's address block.
const ports = Object.fromEntries(
  ["metadataPort", "apiTlsPort", "dnsPort", "mirrorPort"].map((key, n) => [key, 18_000 + config.index * 10 + n]),
) as Record<"metadataPort" | "apiTlsPort" | "dnsPort" | "mirrorPort", number>;

const services = { ports, open: openServices };
const fabric = createFabric({ name, index: config.index, dir: paths.dir, cacheDir: cacheDir(), services, log });
await fabric.up();
const ca = await createCa(join(paths.dir, "ca"));
const cloud = await startCloud({
  dataplane: fabric,
  port: config.apiPort,
  journalFile: paths.journal,
  publicCidr: `203.0.113.${32 * config.index}/27`,
  key: { secretId: config.secretId, secretKey: config.secretKey },
});
const dns = createDns();

/** What a machine calls is served on root's end of its router's link alone: nobody outside of the lab gets there. */
async function openServices(address: string) {
  const opened = await Promise.all([
    cloud.startMetadata(address, ports.metadataPort, fabric.instanceOf),
    cloud.startTls(address, ports.apiTlsPort, ca),
    dns.listen(address, ports.dnsPort),
    startMirror(address, ports.mirrorPort, cacheDir()),
  ]);
  return {
    close: async () => {
      await Promise.all(opened.map((service) => service.close()));
    },
  };
}

/** The vendor's SDK is large, and few labs see its fault: loaded when it is wanted. */
const owner: Scene["owner"] = async (action, request) =>
  (await import("./engine/client.ts")).connect({ ...config, port: config.apiPort })("vpc", action, request);

/** VIPs as last seen: one that is on no ENI would else have no name. */
const vips = new Map<string, string>();

/** The pair that a command means, as the cloud has it. */
function scene(pairName: string): Scene {
  const pair = pairsOfModel(cloud, vips).find((item) => item.pair === pairName);
  if (!pair) throw new Error(`there is no pair "${pairName}" in the local cloud`);
  return { fabric, cloud, dns, pair, owner };
}

await serveControl(paths.control, {
  ping: async () => "pong",
  pairs: async () => pairsOfModel(cloud, vips),
  journal: async () => cloud.journal(),
  record: async (args) => cloud.record((args as { step: string | null }).step),
  /** Faults of the cloud's API, until `heal`. */
  misbehave: async (args) => cloud.faults.set(args as Partial<FaultSettings>),
  left: async () => ({
    notDeleted: createdAndDeleted(cloud.journal()).left,
    forbidden: cloud.journal().filter(({ action }) => forbiddenActions.includes(action)),
  }),
  running: async (args) => fabric.machines().some((m) => m.instanceId === args && m.running),
  exec: async (args) => {
    const { instanceId, argv, input } = args as { instanceId: string; argv: string[]; input?: string };
    return (await fabric.exec(instanceId, argv, { input })).stdout;
  },
  client: async (args) => {
    const { kind, vpcId } = args as { kind: "vpc" | "internet"; vpcId?: string };
    return fabric.clientNamespace(kind, vpcId);
  },
  fail: async (args) => {
    const { pair, node, how } = args as { pair: string; node: NodeName; how: string };
    log(`fault ${how} on ${node} of ${pair}`);
    await faultNamed(how).inject(scene(pair), node);
  },
  undo: async (args) => {
    const { pair, how } = args as { pair: string; how: string };
    log(`undo ${how} of ${pair}`);
    await undo(scene(pair), how);
  },
  behave: async (args) => {
    log(`behaviour ${JSON.stringify(args)}`);
    cloud.faults.behave(args as Partial<Behaviour>);
  },
  heal: async (args) => {
    const { pair } = args as { pair: string };
    log(`heal ${pair}`);
    await healAll(scene(pair));
  },
});
log("ready");

process.on("SIGTERM", () => {
  void cloud.close().finally(() => process.exit(0));
});
