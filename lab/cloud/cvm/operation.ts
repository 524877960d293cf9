/** What is under way on a CVM: its beginning, its end, and the machine that plays it. */
import { CloudError } from "../account/api/errors.ts";
import type { Call, Model } from "../account/model.ts";
import type { Instance } from "../account/records.ts";
import { imageOf } from "./image.ts";
import { requireInstances } from "./instance.ts";

/** Ends an operation, unless a later one (a termination) has taken over meanwhile. */
export function settle(instance: Instance, state: Instance["state"], outcome: "SUCCESS" | "FAILED", error = ""): void {
  if (instance.state === "TERMINATING") return;
  instance.state = state;
  instance.operation = { ...instance.operation, state: outcome, error };
}

/** Starts the machine that plays the instance; resolves once it runs. */
export const boot = (model: Model, instance: Instance): Promise<void> =>
  model.plane.machines.startMachine({
    instanceId: instance.id,
    vpcId: instance.vpcId,
    name: instance.name,
    imageId: instance.imageId,
    imageName: imageOf(instance.imageId)?.name ?? "",
    sshPublicKeys: instance.keyIds.flatMap((id) => model.keyPairs.get(id)?.publicKey ?? []),
    userData: Buffer.from(instance.userData, "base64").toString(),
  });

/** Marks the start of an operation on instances that are free for it. */
export function begin(model: Model, ids: string[], states: Instance["state"][], call: Call): Instance[] {
  const instances = requireInstances(model, ids);
  for (const instance of instances) {
    if (instance.operation.state === "OPERATING") {
      throw new CloudError(
        "OperationDenied.InstanceOperationInProgress",
        `${instance.operation.name} runs on ${instance.id}.`,
      );
    }
    // What never came up is no machine that could be changed, whatever its state is called.
    if (instance.state === "LAUNCH_FAILED") {
      throw new CloudError("InvalidInstance.NotSupported", `${instance.id} is ${instance.state}.`);
    }
    if (!states.includes(instance.state)) {
      const name = instance.state.charAt(0) + instance.state.slice(1).toLowerCase();
      throw new CloudError(`UnsupportedOperation.InstanceState${name}`, `${instance.id} is ${instance.state}.`);
    }
  }
  for (const instance of instances) {
    instance.operation = { name: call.action, state: "OPERATING", requestId: call.requestId, error: "" };
  }
  return instances;
}
