/** A CVM from its birth to its end. */
import { CloudError } from "../account/api/errors.ts";
import { enisOf } from "../account/enis.ts";
import type { Handler, Model } from "../account/model.ts";
import type { Instance } from "../account/records.ts";
import { tagsFor } from "../account/tagStore.ts";
import { pickPublicIp } from "../vpc/eip.ts";
import { addEni, dropEni } from "../vpc/eni.ts";
import { requireType } from "./image.ts";
import { requireInstances } from "./instance.ts";
import { boot, settle } from "./operation.ts";
import { chargeTypes, checkRun, diskTypes, place, primaryAddress, type RunRequest } from "./runRequest.ts";

const runInstances: Handler<RunRequest> = (model, request, call) => {
  const subnet = place(model, request);
  checkRun(model, request, call);
  const type = requireType(request.InstanceType ?? "S5.SMALL1", "InvalidParameterValue.InstanceTypeNotFound");
  if (model.faults.settings.soldOut.includes(type.name)) {
    throw new CloudError("ResourceInsufficient.SpecifiedInstanceType", `The instance type '${type.name}' is sold out.`);
  }
  const address = primaryAddress(model, subnet, request.VirtualPrivateCloud?.PrivateIpAddresses);
  const bandwidthMbps = request.InternetAccessible?.InternetMaxBandwidthOut ?? 0;
  const wantsPublic = request.InternetAccessible?.PublicIpAssigned ?? bandwidthMbps > 0;
  const tags = tagsFor(request.TagSpecification, "cvm/instance");
  if (request.DryRun) throw new CloudError("DryRunOperation", "The request would have been carried out.");
  const id = model.ids.id("ins");
  const instance: Instance = {
    id,
    name: request.InstanceName || "Unnamed",
    type,
    zone: subnet.zone,
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    imageId: request.ImageId ?? "",
    state: "PENDING",
    operation: { name: "RunInstances", state: "OPERATING", requestId: call.requestId, error: "" },
    uuid: model.ids.uuid(),
    createdMs: model.clock.now(),
    diskId: model.ids.id("disk"),
    diskType: request.SystemDisk?.DiskType ?? diskTypes[0],
    diskSizeGb: request.SystemDisk?.DiskSize ?? 50,
    groupIds: request.SecurityGroupIds ?? [],
    keyIds: request.LoginSettings?.KeyIds ?? [],
    roleName: request.CamRoleName ?? null,
    placementGroupIds: request.DisasterRecoverGroupIds ?? [],
    userData: request.UserData ?? "",
    publicIp: wantsPublic ? pickPublicIp(model, "InvalidParameterValue.ExternalIpQuotaLimited") : "",
    bandwidthMbps,
    internetChargeType: request.InternetAccessible?.InternetChargeType ?? chargeTypes[0],
    projectId: request.Placement?.ProjectId ?? 0,
    protectedFromTermination: request.DisableApiTermination ?? false,
  };
  model.instances.set(id, instance);
  model.tasks.background(async () => {
    await model.tasks.sleep(model.delays.tags);
    if (model.instances.has(id)) model.tags.add("cvm/instance", id, tags);
  });
  const eni = addEni(model, subnet, {
    name: "Primary ENI",
    description: "",
    groupIds: instance.groupIds,
    primary: true,
    state: "AVAILABLE",
    addresses: [{ address, primary: true, description: "", state: "AVAILABLE" }],
  });
  eni.attachment = { instanceId: id, deviceIndex: 0, atMs: model.clock.now() };
  model.tasks.background(async () => {
    try {
      await model.plane.apply();
      await boot(model, instance);
      settle(instance, "RUNNING", "SUCCESS");
    } catch (error) {
      settle(instance, "LAUNCH_FAILED", "FAILED", String(error));
      throw error;
    }
  });
  return { InstanceIdSet: [id] };
};

const terminateInstances: Handler<{ InstanceIds: string[]; ReleaseAddress?: boolean }> = (model, request, call) => {
  const instances = requireInstances(model, request.InstanceIds);
  for (const instance of instances) {
    if (instance.state === "TERMINATING")
      throw new CloudError("InvalidInstanceState.Terminating", `${instance.id} is TERMINATING.`);
    if (instance.protectedFromTermination) {
      throw new CloudError("UnsupportedOperation.InstancesProtected", `${instance.id} has DisableApiTermination set.`);
    }
  }
  for (const instance of instances) {
    const stateBefore = instance.state;
    instance.state = "TERMINATING";
    instance.operation = { name: call.action, state: "OPERATING", requestId: call.requestId, error: "" };
    model.tasks.background(() => end(model, instance, stateBefore));
  }
  return {};
};

/** A machine that cannot be removed stays, so that it can be terminated again. */
async function end(model: Model, instance: Instance, stateBefore: Instance["state"]): Promise<void> {
  try {
    await Promise.all([model.plane.machines.destroyMachine(instance.id), model.tasks.sleep(model.delays.terminate)]);
  } catch (error) {
    instance.state = stateBefore;
    instance.operation = { ...instance.operation, state: "FAILED", error: String(error) };
    throw error;
  }
  const enis = enisOf(model, instance.id);
  model.instances.delete(instance.id);
  model.tags.drop("cvm/instance", instance.id);
  model.tags.drop("cvm/volume", instance.diskId);
  for (const eni of enis) {
    if (eni.primary) continue;
    eni.attachment = null;
    eni.state = "AVAILABLE";
    if (model.faults.settings.enisGoWithInstance) dropEni(model, eni);
  }
  await model.plane.apply();
  await model.tasks.sleep(model.delays.ipRelease);
  for (const eni of enis) if (eni.primary) dropEni(model, eni);
}

export const instanceLifeActions = {
  cvm: { RunInstances: runInstances, TerminateInstances: terminateInstances },
};
