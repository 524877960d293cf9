/** Addresses on ENIs: assigned, taken away, and moved. The move is what a failover rests on. */

import { readAddress } from "../account/api/addresses.ts";
import { CloudError, isId, known, malformed, missing, mutex } from "../account/api/errors.ts";
import { atMost } from "../account/api/filters.ts";
import type { Call, Handler, Model } from "../account/model.ts";
import type { Eni, Json, PrivateIp } from "../account/records.ts";
import { type ApiPrivateIp, addressDescription, addressLimit, ipView, requireIdle } from "./eni.ts";
import { checkLength, checkQos } from "./names.ts";
import { checkAddress, pickAddresses } from "./subnet.ts";

const migratePrivateIpAddress: Handler<{
  SourceNetworkInterfaceId: string;
  DestinationNetworkInterfaceId: string;
  PrivateIpAddress: string;
}> = (model, request, call) => {
  for (const name of ["SourceNetworkInterfaceId", "DestinationNetworkInterfaceId"] as const) {
    if (!isId(request[name], "eni")) throw malformed(name, request[name], "an ENI id");
  }
  readAddress("PrivateIpAddress", request.PrivateIpAddress);
  const source = known(model.enis, request.SourceNetworkInterfaceId);
  const target = known(model.enis, request.DestinationNetworkInterfaceId);
  for (const eni of [source, target]) if (model.tasks.isLocked(eni.id)) throw refusal(eni);
  for (const eni of [source, target]) requireSettled(eni);
  const ip = source.addresses.find(({ address }) => address === request.PrivateIpAddress);
  if (!ip || source === target) return nothingToMove(model, request.PrivateIpAddress, source, target, call);
  if (ip.primary) {
    throw new CloudError("UnauthorizedOperation.PrimaryIp", `${ip.address} is the primary IP of ${source.id}.`);
  }
  if (source.subnetId !== target.subnetId) {
    throw new CloudError("UnsupportedOperation", `${source.id} and ${target.id} are in different subnets.`);
  }
  if (target.addresses.length >= addressLimit(model, target)) {
    throw new CloudError("LimitExceeded", `${target.id} can have at most ${addressLimit(model, target)} addresses.`);
  }
  requireMovable(model, source);
  const arrived = () => {
    ip.state = "AVAILABLE";
    ip.movedMs = model.clock.now();
    delete ip.movingTo;
  };
  ip.state = "MIGRATING";
  ip.movingTo = target.id;
  model.tasks.start({
    id: call.requestId,
    action: call.action,
    delayMs: migrateMs(model, ip),
    locks: [source.id, target.id],
    done: async () => {
      move(model, ip, source, target);
      await model.plane.apply();
      arrived();
    },
    failed: arrived,
  });
  return {};
};

/** What the cloud answers here is not documented; the usual code is in the action's list. */
function nothingToMove(model: Model, address: string, source: Eni, target: Eni, call: Call): Json {
  const { wrongSourceCode, alreadyThereCode, sameEniCode } = model.faults.settings;
  const there = target.addresses.some((ip) => ip.address === address);
  const special = source === target ? sameEniCode : alreadyThereCode;
  const outcome = (there ? special : null) ?? wrongSourceCode;
  if (outcome !== "accepted") {
    throw new CloudError(
      outcome,
      there && source === target ? `${source.id} is source and destination.` : `${address} is not on ${source.id}.`,
    );
  }
  model.tasks.start({ id: call.requestId, action: call.action, delayMs: 0, locks: [], done: () => {} });
  return {};
}

/** Whether the source's place lets an address go is not documented either. */
function requireMovable(model: Model, source: Eni): void {
  const { unattachedSource, stoppedSource, stopChargingSource } = model.faults.settings;
  const instance = source.attachment && model.instances.get(source.attachment.instanceId);
  if (!instance && unattachedSource !== "accepted") {
    throw new CloudError(unattachedSource, `${source.id} is attached to no instance.`);
  }
  const outcome = instance?.chargingStopped ? stopChargingSource : stoppedSource;
  if (instance?.state === "STOPPED" && outcome !== "accepted") {
    throw new CloudError(outcome, `${instance.id} is STOPPED.`);
  }
}

/** A move straight after another of the same address may take longer: so the vendor's guide of 2019 says. */
const straightAfterMs = 10_000;

function migrateMs(model: Model, { movedMs = Number.NEGATIVE_INFINITY }: PrivateIp): number {
  const settings = model.faults.settings;
  const first = settings.migrateMs ?? model.delays.migrate;
  return model.clock.now() - movedMs < straightAfterMs ? (settings.migrateBackMs ?? first) : first;
}

/** While an ENI is on its way to or from an instance the task on it is not the caller's business. */
const refusal = (eni: Eni) =>
  eni.state === "AVAILABLE" ? mutex(eni.id) : new CloudError("UnsupportedOperation", `${eni.id} is ${eni.state}.`);

function requireSettled(eni: Eni): void {
  if (eni.state !== "AVAILABLE") throw new CloudError("UnsupportedOperation", `${eni.id} is ${eni.state}.`);
}

function move(model: Model, ip: PrivateIp, source: Eni, target: Eni): void {
  source.addresses = source.addresses.filter((other) => other !== ip);
  target.addresses.push(ip);
  const { eipLeftBehind, eipFollowMs } = model.faults.settings;
  if (eipLeftBehind === true) return;
  for (const eip of model.eips.values()) {
    const { binding } = eip;
    if (binding?.eniId !== source.id || binding.address !== ip.address) continue;
    const follow = () => {
      if (eip.binding === binding)
        eip.binding = eipLeftBehind === "unbound" ? null : { eniId: target.id, address: ip.address };
    };
    if (eipFollowMs === 0) follow();
    else
      model.tasks.background(async () => {
        await model.tasks.sleep(eipFollowMs);
        follow();
        await model.plane.apply();
      });
  }
}

/** Addresses that a request names: each there, well formed, and once. */
function addressesIn(asked: ApiPrivateIp[]): string[] {
  atMost("addresses", asked, { most: 10, code: "InvalidParameterValue.LimitExceeded" });
  const addresses = asked.map(({ PrivateIpAddress }, index) => {
    if (PrivateIpAddress === undefined) throw missing(`PrivateIpAddresses.${index}.PrivateIpAddress`);
    readAddress("PrivateIpAddress", PrivateIpAddress);
    return PrivateIpAddress;
  });
  if (new Set(addresses).size < addresses.length) {
    throw new CloudError("InvalidParameterValue.DuplicatePara", "An address is given twice.");
  }
  return addresses;
}

const assignPrivateIpAddresses: Handler<{
  NetworkInterfaceId: string;
  PrivateIpAddresses?: ApiPrivateIp[];
  SecondaryPrivateIpAddressCount?: number;
  QosLevel?: string;
}> = (model, request, call) => {
  const eni = known(model.enis, request.NetworkInterfaceId);
  const asked = request.PrivateIpAddresses ?? [];
  const count = request.SecondaryPrivateIpAddressCount ?? 0;
  if (asked.length + count === 0) throw missing("PrivateIpAddresses");
  for (const { Description = "" } of asked) {
    // This action has no code of its own for a text that is too long.
    if (Description.length > addressDescription) throw malformed("Description", Description, "at most 25 characters");
  }
  const addresses = addressesIn(asked);
  requireIdle(model, eni);
  const subnet = known(model.subnets, eni.subnetId);
  for (const address of addresses) checkAddress(model, subnet, address);
  if (asked.some(({ Primary }) => Primary)) {
    throw malformed("PrivateIpAddresses.0.Primary", "true", "only secondary addresses can be assigned");
  }
  const limit = addressLimit(model, eni);
  if (eni.addresses.length + addresses.length + count > limit) {
    throw new CloudError("LimitExceeded", `${eni.id} can have at most ${limit} addresses.`);
  }
  const extraQos = checkQos(request.QosLevel);
  const named = new Map(asked.map((ip) => [ip.PrivateIpAddress, { ...ip, QosLevel: checkQos(ip.QosLevel) }]));
  const added = [...addresses, ...pickAddresses(model, subnet, count, addresses)].map((address): PrivateIp => {
    const { Description = "", QosLevel } = named.get(address) ?? { QosLevel: extraQos };
    return { address, primary: false, description: Description, qosLevel: QosLevel, state: "PENDING" };
  });
  eni.addresses.push(...added);
  model.tasks.start({
    id: call.requestId,
    action: call.action,
    delayMs: model.delays.eni,
    locks: [eni.id],
    done: async () => {
      for (const ip of added) ip.state = "AVAILABLE";
      await model.plane.apply();
    },
    failed: () => {
      eni.addresses = eni.addresses.filter((ip) => !added.includes(ip));
    },
  });
  return { PrivateIpAddressSet: added.map((ip) => ipView(model, eni, ip)) };
};

const unassignPrivateIpAddresses: Handler<{
  NetworkInterfaceId: string;
  PrivateIpAddresses: ApiPrivateIp[];
}> = (model, request, call) => {
  const eni = known(model.enis, request.NetworkInterfaceId);
  const named = addressesIn(request.PrivateIpAddresses);
  requireIdle(model, eni);
  const { unassignNothing } = model.faults.settings;
  if (named.length === 0 && unassignNothing !== "accepted" && unassignNothing !== "all") {
    throw new CloudError(unassignNothing, "The request is missing a required parameter `PrivateIpAddresses`.");
  }
  const everySecondary = eni.addresses.filter(({ primary }) => !primary).map(({ address }) => address);
  const going = (named.length === 0 && unassignNothing === "all" ? everySecondary : named).map((wanted) => {
    const ip = eni.addresses.find(({ address }) => address === wanted);
    if (!ip) throw new CloudError("UnsupportedOperation.AttachmentNotFound", `${wanted} is not on ${eni.id}`);
    if (ip.primary) throw new CloudError("UnsupportedOperation", `${wanted} is the primary IP of ${eni.id}.`);
    return ip;
  });
  for (const ip of going) ip.state = "DELETING";
  model.tasks.start({
    id: call.requestId,
    action: call.action,
    delayMs: model.delays.eni,
    locks: [eni.id],
    done: () => {
      eni.addresses = eni.addresses.filter((ip) => !going.includes(ip));
      // The address takes its EIP's binding with it: this is why nobody should unassign a VIP to move it.
      for (const eip of model.eips.values()) {
        if (eip.binding?.eniId === eni.id && going.some(({ address }) => address === eip.binding?.address)) {
          eip.binding = null;
        }
      }
      return model.plane.apply();
    },
    failed: () => {
      for (const ip of going) ip.state = "AVAILABLE";
    },
  });
  return {};
};

const modifyPrivateIpAddressesAttribute: Handler<{
  NetworkInterfaceId: string;
  PrivateIpAddresses: ApiPrivateIp[];
}> = (model, request) => {
  const eni = known(model.enis, request.NetworkInterfaceId);
  for (const { PrivateIpAddress = "", Description } of request.PrivateIpAddresses) {
    readAddress("PrivateIpAddress", PrivateIpAddress);
    checkLength("Description", Description, addressDescription);
    const ip = eni.addresses.find(({ address }) => address === PrivateIpAddress);
    if (!ip) throw new CloudError("ResourceNotFound", `${PrivateIpAddress} is not on ${eni.id}`);
    ip.description = Description ?? ip.description;
  }
  return {};
};

export const eniAddressActions = {
  vpc: {
    MigratePrivateIpAddress: migratePrivateIpAddress,
    AssignPrivateIpAddresses: assignPrivateIpAddresses,
    UnassignPrivateIpAddresses: unassignPrivateIpAddresses,
    ModifyPrivateIpAddressesAttribute: modifyPrivateIpAddressesAttribute,
  },
};
