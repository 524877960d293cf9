import { CloudError, known, mutex, noInstance } from "../account/api/errors.ts";
import { type ApiFilter, checkQuery, nothing, page, select, vpcQuery } from "../account/api/filters.ts";
import { plainTime } from "../account/behaviour/clock.ts";
import { publicOf } from "../account/enis.ts";
import { type NicLimits, nicLimits, unattachedAddressLimit } from "../account/limits.ts";
import type { Handler, Model } from "../account/model.ts";
import type { Eni, Json, PrivateIp, Subnet } from "../account/records.ts";
import { checkLength, checkName } from "./names.ts";

export interface ApiPrivateIp {
  PrivateIpAddress?: string;
  Primary?: boolean;
  Description?: string;
  QosLevel?: string;
}

/** Most characters of an address's description: the vendor's Terraform provider allows no more. */
export const addressDescription = 25;

/** How many addresses an ENI may have where it hangs now. */
export function addressLimit(model: Model, eni: Eni): number {
  const instance = eni.attachment && model.instances.get(eni.attachment.instanceId);
  return instance ? nicLimits(instance.type).addresses : unattachedAddressLimit;
}

/** Refuses while something runs on the ENI or it is on its way to or from an instance. */
export function requireIdle(model: Model, eni: Eni): void {
  if (model.tasks.isLocked(eni.id)) throw mutex(eni.id);
  if (eni.state !== "AVAILABLE") {
    throw new CloudError("UnsupportedOperation.InvalidState", `${eni.id} is ${eni.state}.`);
  }
}

function publicView(model: Model, eni: Eni, ip: PrivateIp): { PublicIpAddress: string; AddressId: string } {
  const { publicIp, eipId } = publicOf(model, eni, ip);
  return { PublicIpAddress: publicIp, AddressId: eipId };
}

export const ipView = (model: Model, eni: Eni, ip: PrivateIp): Json => ({
  PrivateIpAddress: ip.address,
  Primary: ip.primary,
  Description: ip.description,
  State: ip.state,
  ...publicView(model, eni, ip),
  IsWanIpBlocked: false,
  QosLevel: ip.qosLevel ?? "DEFAULT",
});

/** The addresses that the API lists on an ENI: where it lists one that moves is not documented. */
function listedOn(model: Model, eni: Eni): PrivateIp[] {
  const where = model.faults.settings.migratingListedOn;
  const [leaving, coming] = [where === "source" || where === "both", where === "destination" || where === "both"];
  const own = eni.addresses.filter(({ movingTo }) => movingTo === undefined || leaving);
  const others = [...model.enis.values()].flatMap(({ addresses }) => addresses);
  return coming ? [...own, ...others.filter(({ movingTo }) => movingTo === eni.id)] : own;
}

const addressSet = (model: Model, eni: Eni): Json[] => listedOn(model, eni).map((ip) => ipView(model, eni, ip));

/** PrivateIpAddressSet of every ENI, by its id. */
export const listedAddresses = (model: Model): Record<string, Json[]> =>
  Object.fromEntries([...model.enis.values()].map((eni) => [eni.id, addressSet(model, eni)]));

/** @param addresses what a look shows of them, if it may be older than the rest */
export function eniView(model: Model, eni: Eni, addresses = addressSet(model, eni)): Json {
  return {
    NetworkInterfaceId: eni.id,
    NetworkInterfaceName: eni.name,
    NetworkInterfaceDescription: eni.description,
    VpcId: eni.vpcId,
    SubnetId: eni.subnetId,
    Zone: eni.zone,
    Primary: eni.primary,
    EniType: eni.primary ? 1 : 0,
    AttachType: 0,
    MacAddress: eni.mac,
    State: eni.state,
    NetworkInterfaceState: "NORMAL",
    CreatedTime: plainTime(eni.createdMs),
    GroupSet: eni.groupIds,
    Ipv6AddressSet: [],
    TagSet: model.tags.of("vpc/eni", eni.id),
    PrivateIpAddressSet: addresses,
    Attachment: eni.attachment && {
      InstanceId: eni.attachment.instanceId,
      DeviceIndex: eni.attachment.deviceIndex,
      AttachTime: plainTime(eni.attachment.atMs),
      InstanceAccountId: model.account.uin,
    },
    Business: "cvm",
    CdcId: "",
    ResourceId: "",
    QosLevel: "DEFAULT",
  };
}

/** An ENI comes into being: the caller has checked the addresses. */
export function addEni(
  model: Model,
  subnet: Subnet,
  what: Pick<Eni, "name" | "description" | "groupIds" | "primary" | "state" | "addresses">,
): Eni {
  const eni: Eni = {
    id: model.ids.id("eni"),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    zone: subnet.zone,
    mac: model.ids.mac(),
    createdMs: model.clock.now(),
    attachment: null,
    ...what,
  };
  model.enis.set(eni.id, eni);
  return eni;
}

/** An ENI is gone: its addresses are free, an EIP on one of them is unbound but stays. */
export function dropEni(model: Model, eni: Eni): void {
  model.enis.delete(eni.id);
  model.tags.drop("vpc/eni", eni.id);
  for (const eip of model.eips.values()) if (eip.binding?.eniId === eni.id) eip.binding = null;
}

/** `address-ip` with one value is a suffix match, with several an exact one: so the API's text says. */
function byAddress(model: Model, filters: ApiFilter[], shown: Record<string, Json[]>): Eni[] {
  const exact = filters.some(({ Name, Values }) => Name === "ip-exact-match" && Values[0] === "true");
  let chosen = [...model.enis.values()];
  for (const { Name, Values } of filters) {
    if (Name !== "address-ip") continue;
    const fits =
      exact || Values.length > 1
        ? (address: string) => Values.includes(address)
        : (address: string) => address.endsWith(Values[0] ?? "");
    chosen = chosen.filter((eni) => shown[eni.id]?.some(({ PrivateIpAddress }) => fits(String(PrivateIpAddress))));
  }
  return chosen;
}

const describeNetworkInterfaces: Handler<{
  NetworkInterfaceIds?: string[];
  Filters?: ApiFilter[];
  Offset?: number;
  Limit?: number;
}> = (model, request) => {
  checkQuery(request, request.NetworkInterfaceIds, "eni", vpcQuery);
  if (model.faults.settings.unknownEni === "error") {
    for (const id of request.NetworkInterfaceIds ?? []) known(model.enis, id);
  }
  const special = ["address-ip", "ip-exact-match"];
  const shown = model.shownAddresses.seen();
  const found = select(
    byAddress(model, request.Filters ?? [], shown),
    request.Filters?.filter(({ Name }) => !special.includes(Name)),
    {
      "vpc-id": (eni) => [eni.vpcId],
      "subnet-id": (eni) => [eni.subnetId],
      "network-interface-id": (eni) => [eni.id],
      "attachment.instance-id": (eni) => [eni.attachment?.instanceId],
      "groups.security-group-id": (eni) => eni.groupIds,
      "network-interface-name": (eni) => [eni.name],
      "network-interface-description": (eni) => [eni.description],
      "is-primary": (eni) => [String(eni.primary)],
      "eni-type": (eni) => [eni.primary ? "1" : "0"],
      "eni-qos": () => ["DEFAULT"],
      "address-ipv6": nothing,
      "address-type": nothing,
      "public-address-ip": (eni) => shown[eni.id]?.map(({ PublicIpAddress }) => String(PublicIpAddress)) ?? [],
      "termination-protection": () => ["false"],
      "traffic-protection": () => ["false"],
    },
    (eni) => model.tags.of("vpc/eni", eni.id),
    vpcQuery,
  ).filter((eni) => !request.NetworkInterfaceIds || request.NetworkInterfaceIds.includes(eni.id));
  const views = page(found, request, vpcQuery).map((eni) => eniView(model, eni, shown[eni.id]));
  return { TotalCount: found.length, NetworkInterfaceSet: views };
};

const modifyNetworkInterfaceAttribute: Handler<{
  NetworkInterfaceId: string;
  NetworkInterfaceName?: string;
  NetworkInterfaceDescription?: string;
  SecurityGroupIds?: string[];
}> = async (model, request) => {
  const eni = known(model.enis, request.NetworkInterfaceId);
  for (const id of request.SecurityGroupIds ?? []) known(model.securityGroups, id);
  if (request.NetworkInterfaceName !== undefined) checkName("NetworkInterfaceName", request.NetworkInterfaceName);
  checkLength("NetworkInterfaceDescription", request.NetworkInterfaceDescription, 60);
  eni.name = request.NetworkInterfaceName ?? eni.name;
  eni.description = request.NetworkInterfaceDescription ?? eni.description;
  eni.groupIds = request.SecurityGroupIds ?? eni.groupIds;
  await model.plane.apply();
  return {};
};

const deleteNetworkInterface: Handler<{ NetworkInterfaceId: string }> = (model, request, call) => {
  const eni = known(model.enis, request.NetworkInterfaceId);
  if (model.tasks.isLocked(eni.id) || eni.state !== "AVAILABLE") {
    throw new CloudError("UnsupportedOperation.InvalidState", `A task is running on ${eni.id}, which is ${eni.state}.`);
  }
  if (eni.attachment) {
    throw new CloudError("UnsupportedOperation.InvalidState", `${eni.id} is attached to ${eni.attachment.instanceId}.`);
  }
  eni.state = "DELETING";
  model.tasks.start({
    id: call.requestId,
    action: call.action,
    delayMs: model.delays.eni,
    locks: [eni.id],
    done: () => {
      dropEni(model, eni);
      return model.plane.apply();
    },
    failed: () => {
      eni.state = "AVAILABLE";
    },
  });
  return {};
};

const noLimitOf = (id: string) => noInstance(id, "InvalidParameterValue.Malformed");

const describeNetworkInterfaceLimit: Handler<{ InstanceId: string }> = (model, request) => {
  const limitsOf = (): NicLimits => {
    if (!request.InstanceId.startsWith("eni-"))
      return nicLimits(known(model.instances, request.InstanceId, noLimitOf).type);
    const eni = known(model.enis, request.InstanceId);
    return { enis: 1, addresses: addressLimit(model, eni) };
  };
  const { enis, addresses } = limitsOf();
  return {
    EniQuantity: enis,
    EniPrivateIpAddressQuantity: addresses,
    ExtendEniQuantity: 0,
    ExtendEniPrivateIpAddressQuantity: 0,
    SubEniQuantity: 0,
    SubEniPrivateIpAddressQuantity: 0,
  };
};

export const eniActions = {
  vpc: {
    DescribeNetworkInterfaces: describeNetworkInterfaces,
    ModifyNetworkInterfaceAttribute: modifyNetworkInterfaceAttribute,
    DeleteNetworkInterface: deleteNetworkInterface,
    DescribeNetworkInterfaceLimit: describeNetworkInterfaceLimit,
  },
};
