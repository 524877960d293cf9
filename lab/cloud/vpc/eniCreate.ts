import { CloudError, known, missing } from "../account/api/errors.ts";
import { unattachedAddressLimit } from "../account/limits.ts";
import type { Handler, Model } from "../account/model.ts";
import type { ApiTag, PrivateIp, Subnet } from "../account/records.ts";
import { type ApiPrivateIp, addEni, addressDescription, dropEni, eniView } from "./eni.ts";
import { checkLength, checkName, checkQos } from "./names.ts";
import { checkAddress, pickAddresses } from "./subnet.ts";

/** Addresses as asked for and `count` more of the cloud's choice; the primary one is first if the request has none. */
function newAddresses(
  model: Model,
  subnet: Subnet,
  asked: ApiPrivateIp[],
  extra: number,
  extraQos: string | undefined,
): PrivateIp[] {
  if (asked.length > 10) {
    throw new CloudError("InvalidParameterValue.LimitExceeded", "At most 10 addresses can be given at once.");
  }
  const taken: string[] = [];
  const addresses = asked.map((ip): PrivateIp => {
    const address = ip.PrivateIpAddress;
    if (address === undefined) throw missing("PrivateIpAddresses.0.PrivateIpAddress");
    if (taken.includes(address)) {
      throw new CloudError("InvalidParameterValue", `IP ${address} is given twice.`);
    }
    checkAddress(model, subnet, address);
    const description = ip.Description ?? "";
    checkLength("Description", description, addressDescription);
    taken.push(address);
    const qosLevel = checkQos(ip.QosLevel);
    return { address, primary: ip.Primary ?? false, description, qosLevel, state: "PENDING" };
  });
  if (addresses.filter(({ primary }) => primary).length > 1) {
    throw new CloudError("InvalidParameterValue", "Only one address can be the primary one.");
  }
  const needsPrimary = !addresses.some(({ primary }) => primary);
  const picked = pickAddresses(model, subnet, extra + (needsPrimary ? 1 : 0), taken);
  return [
    ...addresses,
    ...picked.map((address, index): PrivateIp => {
      const primary = needsPrimary && index === 0;
      return { address, primary, description: "", qosLevel: primary ? undefined : extraQos, state: "PENDING" };
    }),
  ];
}

const createNetworkInterface: Handler<{
  VpcId: string;
  SubnetId: string;
  NetworkInterfaceName: string;
  NetworkInterfaceDescription?: string;
  SecurityGroupIds?: string[];
  PrivateIpAddresses?: ApiPrivateIp[];
  SecondaryPrivateIpAddressCount?: number;
  QosLevel?: string;
  Tags?: ApiTag[];
}> = (model, request, call) => {
  known(model.vpcs, request.VpcId);
  const subnet = known(model.subnets, request.SubnetId);
  if (subnet.vpcId !== request.VpcId) {
    throw new CloudError("UnsupportedOperation.ResourceMismatch", `${subnet.id} is not in ${request.VpcId}.`);
  }
  checkName("NetworkInterfaceName", request.NetworkInterfaceName);
  const description = request.NetworkInterfaceDescription ?? "";
  checkLength("NetworkInterfaceDescription", description, 60);
  for (const id of request.SecurityGroupIds ?? []) known(model.securityGroups, id);
  const addresses = newAddresses(
    model,
    subnet,
    request.PrivateIpAddresses ?? [],
    request.SecondaryPrivateIpAddressCount ?? 0,
    checkQos(request.QosLevel),
  );
  if (addresses.length > unattachedAddressLimit) {
    throw new CloudError("LimitExceeded", `An ENI can have at most ${unattachedAddressLimit} addresses.`);
  }
  const eni = addEni(model, subnet, {
    name: request.NetworkInterfaceName,
    description,
    groupIds: request.SecurityGroupIds ?? [],
    primary: false,
    state: "PENDING",
    addresses,
  });
  model.tags.add("vpc/eni", eni.id, request.Tags);
  model.tasks.start({
    id: call.requestId,
    action: call.action,
    delayMs: model.delays.eni,
    locks: [eni.id],
    done: () => {
      eni.state = "AVAILABLE";
      for (const ip of eni.addresses) ip.state = "AVAILABLE";
    },
    failed: () => dropEni(model, eni),
  });
  return { NetworkInterface: eniView(model, eni) };
};

export const eniCreateActions = { vpc: { CreateNetworkInterface: createNetworkInterface } };
