import { CloudError, known } from "../account/api/errors.ts";
import type { Outcome } from "../account/behaviour/switches.ts";
import { enisOf } from "../account/enis.ts";
import { nicLimits } from "../account/limits.ts";
import type { Handler, Model } from "../account/model.ts";
import type { Eni } from "../account/records.ts";

/** The vendor's provider retries Detach on InvalidState and on nothing else. */
function requireFree(model: Model, eni: Eni, whileMigrating: Outcome): void {
  const action = model.tasks.lockedBy(eni.id);
  if (action === "MigratePrivateIpAddress" && eni.state === "AVAILABLE") {
    if (whileMigrating === "accepted") return;
    throw new CloudError(whileMigrating, `an address is moving to or from ${eni.id}`);
  }
  if (action !== undefined || eni.state !== "AVAILABLE") {
    throw new CloudError("UnsupportedOperation.InvalidState", `a task is running on ${eni.id}`);
  }
}

const attachNetworkInterface: Handler<{ NetworkInterfaceId: string; InstanceId: string }> = (model, request, call) => {
  const eni = known(model.enis, request.NetworkInterfaceId);
  const instance = known(model.instances, request.InstanceId);
  if (eni.attachment) {
    throw new CloudError(
      "UnsupportedOperation.AttachmentAlreadyExists",
      `${eni.id} is attached to ${eni.attachment.instanceId}`,
    );
  }
  requireFree(model, eni, model.faults.settings.attachWhileMigrating);
  if (!["RUNNING", "STOPPED"].includes(instance.state)) {
    throw new CloudError("UnsupportedOperation.InvalidState", `${instance.id} is ${instance.state}.`);
  }
  if (instance.vpcId !== eni.vpcId) {
    throw new CloudError("UnsupportedOperation.VpcMismatch", `${eni.id} and ${instance.id} are in different VPCs.`);
  }
  if (instance.zone !== eni.zone) {
    throw new CloudError("UnsupportedOperation.ZoneMismatch", `${eni.id} and ${instance.id} are in different zones.`);
  }
  if (eni.groupIds.length === 0) {
    throw new CloudError("UnsupportedOperation.InvalidState", `${eni.id} has no security group.`);
  }
  const limits = nicLimits(instance.type);
  const present = enisOf(model, instance.id);
  if (present.length >= limits.enis) {
    throw new CloudError(
      "LimitExceeded",
      `${instance.id} (${instance.type.name}) can have at most ${limits.enis} ENIs.`,
    );
  }
  if (eni.addresses.length > limits.addresses) {
    throw new CloudError("LimitExceeded", `An ENI of ${instance.id} can have at most ${limits.addresses} addresses.`);
  }
  const indexes = new Set(present.map(({ attachment }) => attachment?.deviceIndex));
  let deviceIndex = 1;
  while (indexes.has(deviceIndex)) deviceIndex += 1;
  eni.state = "ATTACHING";
  eni.attachment = { instanceId: instance.id, deviceIndex, atMs: model.clock.now() };
  const undo = () => {
    eni.attachment = null;
    eni.state = "AVAILABLE";
  };
  model.tasks.start({
    id: call.requestId,
    action: call.action,
    delayMs: model.delays.attach,
    locks: [eni.id],
    done: async () => {
      if (!model.instances.has(instance.id)) {
        undo();
        throw new CloudError("ResourceNotFound", `${instance.id} went away while ${eni.id} was being attached.`);
      }
      eni.state = "AVAILABLE";
      await model.plane.apply();
    },
    failed: undo,
  });
  return {};
};

const detachNetworkInterface: Handler<{ NetworkInterfaceId: string; InstanceId: string }> = (model, request, call) => {
  const eni = known(model.enis, request.NetworkInterfaceId);
  known(model.instances, request.InstanceId);
  if (eni.primary) {
    throw new CloudError("UnsupportedOperation.InvalidState", `${eni.id} is the primary ENI of ${request.InstanceId}.`);
  }
  requireFree(model, eni, model.faults.settings.detachWhileMigrating);
  if (eni.attachment?.instanceId !== request.InstanceId) {
    // Not InvalidState, which the vendor's provider takes for a passing one and waits for.
    throw new CloudError("UnsupportedOperation", `${eni.id} is not attached to ${request.InstanceId}.`);
  }
  eni.state = "DETACHING";
  model.tasks.start({
    id: call.requestId,
    action: call.action,
    delayMs: model.delays.detach,
    locks: [eni.id],
    done: async () => {
      eni.attachment = null;
      await model.plane.apply();
      eni.state = "AVAILABLE";
    },
    failed: () => {
      eni.state = "AVAILABLE";
    },
  });
  return {};
};

export const eniAttachActions = {
  vpc: { AttachNetworkInterface: attachNetworkInterface, DetachNetworkInterface: detachNetworkInterface },
};
