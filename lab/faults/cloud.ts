/** Faults of the cloud's services, and changes that somebody makes in the console. */
import type { FaultSettings } from "../cloud/index.ts";
import type { Fault, Kind, Scene } from "./fault.ts";

/** Name of the ENI on which `vip-elsewhere` puts the VIP. */
const strangerName = "somebody-elses";
/** How long the owner waits for what the cloud does. */
const ownerLimitMs = 20_000;

async function taskDone(scene: Scene, answer: Record<string, unknown>): Promise<void> {
  const deadlineMs = Date.now() + ownerLimitMs;
  for (;;) {
    const { Status } = await scene.owner("DescribeVpcTaskResult", { TaskId: answer.RequestId });
    if (Status === "SUCCESS") return;
    if (Status === "FAILED" || Date.now() > deadlineMs) throw new Error(`the owner's task: ${Status}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** The ENI of the pair that has the VIP. */
function holderOf({ cloud, pair }: Scene) {
  const holder = pair.cloudHolder && cloud.model.enis.get(pair.nodes[pair.cloudHolder].eniId);
  if (!holder) throw new Error(`${pair.vip} is AVAILABLE on no ENI of the pair`);
  return holder;
}

/** A fault that is a setting of the local cloud. */
const set = (
  name: string,
  what: string,
  settings: Partial<FaultSettings>,
  vip: Fault["vip"] = "moves",
  internal?: true,
): Fault => ({
  name,
  what,
  vip,
  needsTrigger: true,
  ...(internal && { internal }),
  inject: async ({ cloud }) => cloud.faults.set(settings),
});

const migrate = "MigratePrivateIpAddress";
/** What the API may say once without meaning it; the same words again and again would be another fault. */
const badDay = ["InternalError", "FailedOperation", "UnsupportedOperation.MutexOperationTaskRunning"];

export const cloud: Kind = {
  faults: [
    set("api-down", "the cloud's API takes no connections", { apiDown: true }, "waits"),
    set("api-throttled", "half of all calls are refused as too many", { throttlePercent: 50 }),
    set("api-errors", "the next moves and looks are refused, each with another error", {
      errorOnce: [migrate, "DescribeNetworkInterfaces"].flatMap((action) => badDay.map((code) => ({ action, code }))),
    }),
    set("reply-lost", "the next move is carried out, and its answer never arrives", { replyLost: [migrate] }),
    set("metadata-down", "the metadata service takes questions and never answers", { metadataDown: "hang" }),
    {
      name: "dns-down",
      what: "the name server never answers",
      vip: "moves",
      needsTrigger: true,
      inject: async ({ dns }) => dns.setAnswering(false),
    },
    set("eip-left-behind", "an EIP does not follow its address to the other ENI", { eipLeftBehind: true }),
    set("task-failed", "the next move is accepted, and its task fails", { failTask: [migrate] }, "moves", true),
    set("task-stuck", "the next move is accepted, and never ends", { stuckTask: [migrate] }, "waits", true),
    set("credentials-expired", "the nodes' credentials stop working", { credentialsExpired: true }, "moves", true),
    set("clock-wrong", "the nodes' clocks are an hour behind the cloud's", { clockSkewMs: 3_600_000 }, "moves", true),
    {
      name: "vip-unassigned",
      what: "somebody takes the VIP off its ENI in the console",
      vip: "stays",
      passes: true,
      internal: true,
      inject: async (scene) => {
        const PrivateIpAddresses = [{ PrivateIpAddress: scene.pair.vip }];
        const request = { NetworkInterfaceId: holderOf(scene).id, PrivateIpAddresses };
        await taskDone(scene, await scene.owner("UnassignPrivateIpAddresses", request));
      },
    },
    {
      name: "vip-elsewhere",
      what: "somebody moves the VIP to an ENI that is none of the pair's, on which its role may do nothing",
      vip: "waits",
      internal: true,
      inject: async (scene) => {
        const { id: SourceNetworkInterfaceId, vpcId: VpcId, subnetId: SubnetId } = holderOf(scene);
        const place = { VpcId, SubnetId, NetworkInterfaceName: strangerName };
        const made = await scene.owner("CreateNetworkInterface", place);
        await taskDone(scene, made);
        const { NetworkInterfaceId } = made.NetworkInterface as { NetworkInterfaceId: string };
        const addresses = { SourceNetworkInterfaceId, DestinationNetworkInterfaceId: NetworkInterfaceId };
        await taskDone(scene, await scene.owner(migrate, { ...addresses, PrivateIpAddress: scene.pair.vip }));
      },
    },
  ],
  undo: async (scene) => {
    scene.cloud.faults.reset();
    scene.dns.setAnswering(true);
    const stranger = [...scene.cloud.model.enis.values()].find(({ name }) => name === strangerName);
    if (stranger)
      await taskDone(scene, await scene.owner("DeleteNetworkInterface", { NetworkInterfaceId: stranger.id }));
  },
};
