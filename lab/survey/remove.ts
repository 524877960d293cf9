/** Takes away what a probe has made, from whatever state it is in. */
import { type Call, codeOf, type Json, list } from "./client.ts";
import { type Kind, kinds, type Ledger, type Thing } from "./ledger.ts";

export interface Remover {
  call: Call;
  sleep(ms: number): Promise<unknown>;
  now(): number;
  say(text: string): void;
}

interface How {
  /** Ids of the things that carry a name. */
  find(call: Call, name: string): Promise<string[]>;
  /** The thing as the cloud shows it, undefined when it is gone. */
  look(call: Call, id: string): Promise<Json | undefined>;
  /** The next step towards its end. */
  remove(call: Call, id: string, seen: Json): Promise<unknown>;
}

/** Asked by filter and not by id: an unknown id may be an error. */
const ask =
  (service: "vpc" | "cvm", action: string, set: string, more: Json = {}) =>
  async (call: Call, filter: string, value: string): Promise<Json[]> =>
    list((await call(service, action, { ...more, Filters: [{ Name: filter, Values: [value] }] }))[set]);

function byFilter(
  query: (call: Call, filter: string, value: string) => Promise<Json[]>,
  names: { name: string; nameField: string; id: string; idField: string },
  remove: How["remove"],
): How {
  return {
    find: async (call, name) =>
      (await query(call, names.name, name))
        // Some filters are fuzzy.
        .filter((thing) => thing[names.nameField] === name)
        .map((thing) => String(thing[names.idField])),
    look: async (call, id) => (await query(call, names.id, id)).find((thing) => thing[names.idField] === id),
    remove,
  };
}

const how: Record<Kind, How> = {
  instance: byFilter(
    ask("cvm", "DescribeInstances", "InstanceSet"),
    { name: "instance-name", nameField: "InstanceName", id: "instance-id", idField: "InstanceId" },
    (call, id) => call("cvm", "TerminateInstances", { InstanceIds: [id] }),
  ),
  eip: byFilter(
    ask("vpc", "DescribeAddresses", "AddressSet"),
    { name: "address-name", nameField: "AddressName", id: "address-id", idField: "AddressId" },
    (call, id, { AddressStatus }) =>
      AddressStatus === "UNBIND"
        ? call("vpc", "ReleaseAddresses", { AddressIds: [id] })
        : call("vpc", "DisassociateAddress", { AddressId: id }),
  ),
  eni: byFilter(
    ask("vpc", "DescribeNetworkInterfaces", "NetworkInterfaceSet"),
    {
      name: "network-interface-name",
      nameField: "NetworkInterfaceName",
      id: "network-interface-id",
      idField: "NetworkInterfaceId",
    },
    (call, id, { Attachment }) => {
      const { InstanceId } = (Attachment ?? {}) as { InstanceId?: string };
      return InstanceId
        ? call("vpc", "DetachNetworkInterface", { NetworkInterfaceId: id, InstanceId })
        : call("vpc", "DeleteNetworkInterface", { NetworkInterfaceId: id });
    },
  ),
  reservedIp: byFilter(
    ask("vpc", "DescribeReserveIpAddresses", "ReserveIpAddressSet"),
    { name: "name", nameField: "Name", id: "reserve-ip-id", idField: "ReserveIpId" },
    (call, id, { VpcId }) => call("vpc", "DeleteReserveIpAddresses", { VpcId, ReserveIpIds: [id] }),
  ),
  keyPair: {
    find: async (call, name) =>
      list((await call("cvm", "DescribeKeyPairs", { Filters: [{ Name: "key-name", Values: [name] }] })).KeyPairSet)
        .filter(({ KeyName }) => KeyName === name)
        .map(({ KeyId }) => String(KeyId)),
    look: async (call, id) => list((await call("cvm", "DescribeKeyPairs", { KeyIds: [id] })).KeyPairSet)[0],
    remove: (call, id) => call("cvm", "DeleteKeyPairs", { KeyIds: [id] }),
  },
  policy: {
    find: async (call, name) =>
      list((await call("cam", "ListPolicies", { Keyword: name, Scope: "Local", Page: 1, Rp: 20 })).List)
        .filter(({ PolicyName }) => PolicyName === name)
        .map(({ PolicyId }) => String(PolicyId)),
    look: (call, id) => call("cam", "GetPolicy", { PolicyId: Number(id) }),
    remove: (call, id) => call("cam", "DeletePolicy", { PolicyId: [Number(id)] }),
  },
  securityGroup: byFilter(
    ask("vpc", "DescribeSecurityGroups", "SecurityGroupSet"),
    {
      name: "security-group-name",
      nameField: "SecurityGroupName",
      id: "security-group-id",
      idField: "SecurityGroupId",
    },
    (call, id) => call("vpc", "DeleteSecurityGroup", { SecurityGroupId: id }),
  ),
  subnet: byFilter(
    ask("vpc", "DescribeSubnets", "SubnetSet"),
    { name: "subnet-name", nameField: "SubnetName", id: "subnet-id", idField: "SubnetId" },
    (call, id) => call("vpc", "DeleteSubnet", { SubnetId: id }),
  ),
  vpc: byFilter(
    ask("vpc", "DescribeVpcs", "VpcSet"),
    { name: "vpc-name", nameField: "VpcName", id: "vpc-id", idField: "VpcId" },
    (call, id) => call("vpc", "DeleteVpc", { VpcId: id }),
  ),
};

const limitMs = 600_000;

/** Things are asked for by id: one that is unknown is one that is gone. */
async function look(call: Call, kind: Kind, id: string): Promise<Json | undefined> {
  try {
    return await how[kind].look(call, id);
  } catch (error) {
    if (/NotFound|NotExist/.test(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** Ends one thing; what refuses (because it is in use, or on its way) is asked again until the limit. */
async function removeOne({ call, sleep, now }: Remover, kind: Kind, id: string): Promise<void> {
  const endMs = now() + limitMs;
  let refusal = "";
  for (let pauseMs = 250; ; pauseMs = Math.min(2 * pauseMs, 4000)) {
    try {
      const seen = await look(call, kind, id);
      if (!seen) return;
      await how[kind].remove(call, id, seen);
    } catch (error) {
      const code = codeOf(error);
      refusal = `, and the last answer was ${code ?? String(error)}`;
      // No later try will be allowed what this one is not.
      if (code?.startsWith("AuthFailure") || code === "UnauthorizedOperation") throw error;
    }
    if (now() > endMs) throw new Error(`still there after ${limitMs / 1000} s${refusal}`);
    await sleep(pauseMs);
  }
}

/** Ends what the ledger means by a thing; the reason when it could not be ended. */
async function removeThing(remover: Remover, ledger: Ledger, thing: Thing): Promise<string[]> {
  const { kind, name, id } = thing;
  try {
    // Without an id the answer to its making was lost, or the run ended before it.
    for (const known of id === undefined ? await how[kind].find(remover.call, name) : [id]) {
      await removeOne(remover, kind, known);
      remover.say(`removed ${kind} ${known}`);
    }
    ledger.gone(thing);
    return [];
  } catch (error) {
    const reason = codeOf(error) ?? (error instanceof Error ? error.message : String(error));
    return [`${kind} ${name}${id === undefined ? "" : ` (${id})`}: ${reason}`];
  }
}

/** Removes everything that the ledger names, all of a kind at once, and says what could not be removed. */
export async function removeAll(remover: Remover, ledger: Ledger): Promise<string[]> {
  const stayed: string[] = [];
  const left = ledger.left();
  for (const kind of kinds) {
    const things = left.filter((thing) => thing.kind === kind);
    stayed.push(...(await Promise.all(things.map((thing) => removeThing(remover, ledger, thing)))).flat());
  }
  return stayed;
}
