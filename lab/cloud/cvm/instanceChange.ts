/** Changes of a living CVM. Some of them should never be seen in a run of the program: the journal tells. */

import { CloudError, known } from "../account/api/errors.ts";
import { atMost } from "../account/api/filters.ts";
import { enisOf } from "../account/enis.ts";
import type { Handler, Model } from "../account/model.ts";
import type { Instance } from "../account/records.ts";
import { requireImage, requireType } from "./image.ts";
import { requireInstances } from "./instance.ts";
import { begin, boot, settle } from "./operation.ts";
import { noPlacementGroup, requireRoom } from "./placementGroup.ts";
import { checkRole, checkUserData } from "./runRequest.ts";

/** Runs an operation on each instance; what fails leaves it as FAILED in the state `otherwise`. */
function operate(
  model: Model,
  instances: Instance[],
  run: (instance: Instance) => Promise<Instance["state"]>,
  otherwise: Instance["state"],
): void {
  for (const instance of instances) {
    model.tasks.background(async () => {
      try {
        settle(instance, await run(instance), "SUCCESS");
      } catch (error) {
        settle(instance, otherwise, "FAILED", String(error));
        throw error;
      }
    });
  }
}

/** What was changed has been written down already; the machine takes its time and is as before. */
function modify(model: Model, instances: Instance[]): void {
  operate(
    model,
    instances,
    async ({ state }) => {
      await model.tasks.sleep(model.delays.modify);
      return state;
    },
    "RUNNING",
  );
}

const modifyInstancesAttribute: Handler<{
  InstanceIds: string[];
  InstanceName?: string;
  UserData?: string;
  SecurityGroups?: string[];
  CamRoleName?: string;
  DisableApiTermination?: boolean;
  HostName?: string;
}> = async (model, request, call) => {
  if (request.HostName !== undefined) {
    throw new CloudError("InvalidParameterValue", "A new HostName would restart the machine: not in this cloud.");
  }
  for (const id of request.SecurityGroups ?? []) {
    known(model.securityGroups, id, () => new CloudError("InvalidSecurityGroupId.NotFound", `'${id}' does not exist.`));
  }
  // RunInstances takes 128.
  if ((request.InstanceName ?? "").length > 60) {
    throw new CloudError("InvalidInstanceName.TooLong", "InstanceName has at most 60 characters.");
  }
  if (request.UserData !== undefined) checkUserData(request.UserData);
  if (request.CamRoleName) checkRole(model, request.CamRoleName);
  const instances = begin(model, request.InstanceIds, ["RUNNING", "STOPPED"], call);
  for (const instance of instances) {
    instance.name = request.InstanceName ?? instance.name;
    instance.userData = request.UserData ?? instance.userData;
    instance.roleName = request.CamRoleName ?? instance.roleName;
    instance.protectedFromTermination = request.DisableApiTermination ?? instance.protectedFromTermination;
    if (request.SecurityGroups) {
      instance.groupIds = request.SecurityGroups;
      for (const eni of enisOf(model, instance.id)) if (eni.primary) eni.groupIds = request.SecurityGroups;
    }
  }
  modify(model, instances);
  if (request.SecurityGroups) await model.plane.apply();
  return {};
};

const stopInstances: Handler<{
  InstanceIds: string[];
  StopType?: string;
  ForceStop?: boolean;
  StoppedMode?: string;
}> = (model, request, call) => {
  const mode = request.StoppedMode ?? "KEEP_CHARGING";
  if (!["KEEP_CHARGING", "STOP_CHARGING"].includes(mode)) {
    throw new CloudError("InvalidParameterValue", `StoppedMode '${mode}' must be KEEP_CHARGING or STOP_CHARGING.`);
  }
  const type = request.StopType ?? (request.ForceStop ? "HARD" : "SOFT");
  if (!["SOFT", "HARD", "SOFT_FIRST"].includes(type)) {
    throw new CloudError("InvalidParameterValue", `StopType '${type}' must be SOFT, HARD or SOFT_FIRST.`);
  }
  const instances = begin(model, request.InstanceIds, ["RUNNING"], call);
  for (const instance of instances) {
    instance.state = "STOPPING";
    instance.chargingStopped = mode === "STOP_CHARGING";
  }
  operate(
    model,
    instances,
    async ({ id }) => {
      await model.plane.machines.stopMachine(id, type === "HARD" ? "hard" : "soft");
      return "STOPPED";
    },
    "RUNNING",
  );
  return {};
};

const startInstances: Handler<{ InstanceIds: string[] }> = (model, request, call) => {
  const instances = begin(model, request.InstanceIds, ["STOPPED"], call);
  for (const instance of instances) instance.state = "STARTING";
  operate(
    model,
    instances,
    async (instance) => {
      await model.plane.apply();
      await boot(model, instance);
      return "RUNNING";
    },
    "STOPPED",
  );
  return {};
};

const rebootInstances: Handler<{ InstanceIds: string[]; StopType?: string; ForceReboot?: boolean }> = (
  model,
  request,
  call,
) => {
  const hard = request.StopType === "HARD" || request.ForceReboot === true;
  const instances = begin(model, request.InstanceIds, ["RUNNING"], call);
  for (const instance of instances) instance.state = "REBOOTING";
  operate(
    model,
    instances,
    async (instance) => {
      await model.plane.machines.stopMachine(instance.id, hard ? "hard" : "soft");
      await boot(model, instance);
      return "RUNNING";
    },
    "STOPPED",
  );
  return {};
};

/** Reinstalls the machine: its disk is lost. */
const resetInstance: Handler<{ InstanceId: string; ImageId?: string; UserData?: string }> = (model, request, call) => {
  if (request.ImageId !== undefined) requireImage(request.ImageId);
  if (request.UserData !== undefined) checkUserData(request.UserData);
  const instances = begin(model, [request.InstanceId], ["RUNNING", "STOPPED"], call);
  for (const instance of instances) {
    instance.imageId = request.ImageId ?? instance.imageId;
    instance.userData = request.UserData ?? instance.userData;
  }
  operate(
    model,
    instances,
    async (instance) => {
      await model.plane.machines.destroyMachine(instance.id);
      await model.plane.apply();
      await boot(model, instance);
      return "RUNNING";
    },
    "STOPPED",
  );
  return {};
};

const resetInstancesType: Handler<{ InstanceIds: string[]; InstanceType: string }> = (model, request, call) => {
  atMost("instances", request.InstanceIds, { most: 1, code: "InvalidParameterValue.LimitExceeded" });
  const type = requireType(request.InstanceType, "ResourceNotFound.InvalidZoneInstanceType");
  const instances = begin(model, request.InstanceIds, ["RUNNING", "STOPPED"], call);
  for (const instance of instances) instance.type = type;
  modify(model, instances);
  return {};
};

const modifyInstancesDisasterRecoverGroup: Handler<{
  InstanceIds: string[];
  DisasterRecoverGroupIds?: string[];
  DisasterRecoverGroupId?: string;
}> = (model, request, call) => {
  const ids =
    request.DisasterRecoverGroupIds ?? (request.DisasterRecoverGroupId ? [request.DisasterRecoverGroupId] : []);
  for (const id of ids) requireRoom(model, known(model.placementGroups, id, noPlacementGroup), call);
  const instances = begin(model, request.InstanceIds, ["RUNNING", "STOPPED"], call);
  for (const instance of instances) instance.placementGroupIds = ids;
  modify(model, instances);
  return {};
};

/** The cloud would stop the machine, move it and start it again. Nothing here wants that, so it is refused. */
const modifyInstancesVpcAttribute: Handler<{ InstanceIds: string[] }> = (model, request) => {
  // This action has no code of its own for a malformed id.
  for (const { id, state } of requireInstances(model, request.InstanceIds, "InvalidInstanceId.NotFound")) {
    if (state === "RUNNING") throw new CloudError("UnsupportedOperation.InstanceStateRunning", `${id} is RUNNING.`);
  }
  throw new CloudError("InvalidInstance.NotSupported", "Machines are not moved between networks in this cloud.");
};

export const instanceChangeActions = {
  cvm: {
    ModifyInstancesAttribute: modifyInstancesAttribute,
    StopInstances: stopInstances,
    StartInstances: startInstances,
    RebootInstances: rebootInstances,
    ResetInstance: resetInstance,
    ResetInstancesType: resetInstancesType,
    ModifyInstancesDisasterRecoverGroup: modifyInstancesDisasterRecoverGroup,
    ModifyInstancesVpcAttribute: modifyInstancesVpcAttribute,
  },
};
