/** An EIP and the private address that it stands for. */

import { CloudError, known, missing, noInstance } from "../account/api/errors.ts";
import { publicOf } from "../account/enis.ts";
import type { Handler, Model } from "../account/model.ts";
import { eipStatus, noEip, requireIdleEip } from "./eip.ts";
import { startNumbered } from "./task.ts";

/** Which address of which ENI an EIP is to be bound to. */
function target(
  model: Model,
  request: { InstanceId?: string; NetworkInterfaceId?: string; PrivateIpAddress?: string },
): { eniId: string; address: string } {
  if (request.InstanceId !== undefined) {
    if (request.NetworkInterfaceId !== undefined) {
      throw new CloudError("InvalidParameterConflict", "Give InstanceId, or NetworkInterfaceId and PrivateIpAddress.");
    }
    const { InstanceId } = request;
    const primary = [...model.enis.values()].find((eni) => eni.primary && eni.attachment?.instanceId === InstanceId);
    if (!primary) throw noInstance(InstanceId, "InvalidParameterValue.InstanceIdMalformed");
    if (model.instances.get(InstanceId)?.publicIp) {
      throw new CloudError("InvalidInstanceId.AlreadyBindEip", `${InstanceId} has a public address already.`);
    }
    return { eniId: primary.id, address: primary.addresses[0]?.address ?? "" };
  }
  if (request.NetworkInterfaceId === undefined) throw missing("NetworkInterfaceId");
  if (request.PrivateIpAddress === undefined) throw missing("PrivateIpAddress");
  const eni = model.enis.get(request.NetworkInterfaceId);
  if (!eni) {
    throw new CloudError(
      "InvalidNetworkInterfaceId.NotFound",
      `The ENI '${request.NetworkInterfaceId}' does not exist.`,
    );
  }
  if (model.tasks.isLocked(eni.id)) {
    throw new CloudError("OperationDenied.MutexTaskRunning", `A task is running on ${eni.id}`);
  }
  const ip = eni.addresses.find(({ address }) => address === request.PrivateIpAddress);
  if (!ip) {
    throw new CloudError(
      "InvalidParameterValue.PrivateIpAddressNotMatch",
      `${request.PrivateIpAddress} is not on ${eni.id}`,
    );
  }
  if (publicOf(model, eni, ip).publicIp) {
    throw new CloudError("InvalidPrivateIpAddress.AlreadyBindEip", `${ip.address} has a public address already.`);
  }
  return { eniId: eni.id, address: ip.address };
}

const associateAddress: Handler<{
  AddressId: string;
  InstanceId?: string;
  NetworkInterfaceId?: string;
  PrivateIpAddress?: string;
}> = (model, request, call) => {
  const eip = known(model.eips, request.AddressId, noEip);
  requireIdleEip(model, eip);
  if (eip.binding || eip.state !== "READY") {
    throw new CloudError("UnsupportedOperation.AddressStatusNotPermit", eipStatus(model, eip));
  }
  const binding = target(model, request);
  const other = [...model.eips.values()].find(
    (bound) => bound.binding?.eniId === binding.eniId && bound.binding.address === binding.address,
  );
  if (other) {
    throw new CloudError("InvalidPrivateIpAddress.AlreadyBindEip", `${binding.address} has ${other.id} already.`);
  }
  eip.state = "BINDING";
  eip.binding = binding;
  const TaskId = startNumbered(model, {
    action: call.action,
    delayMs: model.delays.eip,
    locks: [eip.id],
    done: async () => {
      eip.state = "READY";
      await model.plane.apply();
    },
    failed: () => {
      eip.state = "READY";
      eip.binding = null;
    },
  });
  return { TaskId };
};

const disassociateAddress: Handler<{ AddressId: string }> = (model, request, call) => {
  const eip = known(model.eips, request.AddressId, noEip);
  requireIdleEip(model, eip);
  if (!eip.binding) throw new CloudError("InvalidAddressIdStatus.NotPermit", `${eip.id} is ${eipStatus(model, eip)}.`);
  if (model.tasks.isLocked(eip.binding.eniId)) {
    throw new CloudError("OperationDenied.MutexTaskRunning", `A task is running on ${eip.binding.eniId}`);
  }
  eip.state = "UNBINDING";
  const TaskId = startNumbered(model, {
    action: call.action,
    delayMs: model.delays.eip,
    locks: [eip.id],
    done: async () => {
      eip.binding = null;
      await model.plane.apply();
      eip.state = "READY";
    },
    failed: () => {
      eip.state = "READY";
    },
  });
  return { TaskId };
};

export const eipBindActions = {
  vpc: { AssociateAddress: associateAddress, DisassociateAddress: disassociateAddress },
};
