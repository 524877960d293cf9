/**
 * What questions are put to: a network, two ENIs with the VIP on the first, two machines, an EIP on the VIP. Each part is made
 * when a question needs it, and put back in order before each question, whatever the last one has left.
 */
import { type Json, list } from "./client.ts";
import { chooseImage, chooseOffer, type Offer } from "./offer.ts";
import { rsaPublicKey } from "./publicKey.ts";
import { type Attempt, Tools } from "./tools.ts";

const needs = ["network", "enis", "machines", "eip"] as const;
export type Need = (typeof needs)[number];
export type Side = "a" | "b";
const sides: Side[] = ["a", "b"];

/** Addresses of the probe's own subnet. */
export const addresses = {
  vip: "10.199.1.100",
  a: "10.199.1.11",
  b: "10.199.1.12",
  /** The machines' own; lower ones are free, for the question of order. */
  machines: { a: "10.199.1.200", b: "10.199.1.201" },
  spare: "10.199.1.50",
  reserved: "10.199.1.60",
};

export interface Eni {
  /** AVAILABLE unless it is on its way to or from a machine. */
  state: string;
  instanceId: string | undefined;
  /** Address to its state. */
  addresses: Map<string, string>;
}

/** What was seen of an address on its way. */
export interface Passage {
  tookMs: number;
  /** Looks at source and destination until the end; the state of the address there, null where it was not listed. */
  looks: { atMs: number; source: string | null; target: string | null }[];
}

const lookMs = 250;
const bootLimitMs = 900_000;

export class Stage extends Tools {
  /** Set by the parts that are made. */
  vpcId = "";
  subnetId = "";
  groupId = "";
  enis: Record<Side, string> = { a: "", b: "" };
  machines: Partial<Record<Side, string>> = {};
  eipId = "";
  readonly #parts = new Map<Need, Promise<void>>();
  #offer: Offer | undefined;
  #scratch = 0;

  /** Makes what is missing of what a question needs, and puts everything in order. */
  async prepare(wanted: Need[]): Promise<void> {
    const all = new Set<Need>(wanted);
    if (all.has("machines") || all.has("eip")) all.add("enis");
    if (all.has("enis")) all.add("network");
    for (const need of needs) {
      if (!all.has(need)) continue;
      // A part that could not be made is not tried again for each question.
      if (!this.#parts.has(need)) this.#parts.set(need, this.#build(need));
      await this.#parts.get(need);
    }
    if (all.has("enis")) await this.#home();
  }

  #build(need: Need): Promise<void> {
    switch (need) {
      case "network":
        return this.#buildNetwork();
      case "enis":
        return this.#buildEnis();
      case "machines":
        return this.#buildMachines();
      case "eip":
        return this.#buildEip();
    }
  }

  async #buildNetwork(): Promise<void> {
    this.#offer = await chooseOffer(this.call, this.options);
    const { zone } = this.#offer;
    this.vpcId = await this.make("vpc", "vpc", async (VpcName) => {
      const { Vpc } = await this.call("vpc", "CreateVpc", { VpcName, CidrBlock: "10.199.0.0/16", Tags: this.tags });
      return (Vpc as Json).VpcId;
    });
    this.subnetId = await this.make("subnet", "subnet", async (SubnetName) => {
      const request = { VpcId: this.vpcId, SubnetName, CidrBlock: "10.199.1.0/24", Zone: zone, Tags: this.tags };
      return ((await this.call("vpc", "CreateSubnet", request)).Subnet as Json).SubnetId;
    });
    // Without a rule nothing comes in: the machines are of no use to anybody.
    this.groupId = await this.make("securityGroup", "group", async (GroupName) => {
      const request = { GroupName, GroupDescription: "keepalived-cluster probe", Tags: this.tags };
      return ((await this.call("vpc", "CreateSecurityGroup", request)).SecurityGroup as Json).SecurityGroupId;
    });
  }

  async #buildEnis(): Promise<void> {
    this.enis.a = await this.makeEni("eni-a", [addresses.a, addresses.vip]);
    this.enis.b = await this.makeEni("eni-b", [addresses.b]);
  }

  /** An ENI of the subnet, attached to nothing; the first address is its primary one. */
  async makeEni(suffix: string, own: string[]): Promise<string> {
    const id = await this.make("eni", suffix, async (NetworkInterfaceName) => {
      const { NetworkInterface } = await this.call("vpc", "CreateNetworkInterface", {
        NetworkInterfaceName,
        VpcId: this.vpcId,
        SubnetId: this.subnetId,
        SecurityGroupIds: [this.groupId],
        PrivateIpAddresses: own.map((PrivateIpAddress, index) => ({ PrivateIpAddress, Primary: index === 0 })),
        Tags: this.tags,
      });
      return (NetworkInterface as Json).NetworkInterfaceId;
    });
    await this.until(`${id} having its addresses`, async () => {
      const eni = await this.eni(id);
      return own.every((address) => eni?.addresses.get(address) === "AVAILABLE") || undefined;
    });
    return id;
  }

  /** An ENI for one question, with a primary and a secondary address of its own. */
  async makeScratch(): Promise<{ id: string; secondary: string }> {
    const host = 20 + 2 * this.#scratch;
    this.#scratch += 1;
    const secondary = `10.199.1.${host + 1}`;
    return { id: await this.makeEni(`scratch-${this.#scratch}`, [`10.199.1.${host}`, secondary]), secondary };
  }

  async #buildMachines(): Promise<void> {
    const { type, zone, price } = this.#offer ?? (await chooseOffer(this.call, this.options));
    this.options.say(`two machines ${type} in ${zone}, each ${price} while they run`);
    const imageId = await chooseImage(this.call, type);
    const keyId = await this.make("keyPair", "key", async (KeyName) => {
      const request = { KeyName, ProjectId: 0, PublicKey: rsaPublicKey() };
      return (await this.call("cvm", "ImportKeyPair", { ...request, TagSpecification: this.#tagged("keypair") })).KeyId;
    });
    for (const side of sides) {
      this.machines[side] = await this.make("instance", `machine-${side}`, async (InstanceName) => {
        const answer = await this.call("cvm", "RunInstances", {
          Placement: { Zone: zone },
          InstanceType: type,
          ImageId: imageId,
          InstanceName,
          InstanceChargeType: "POSTPAID_BY_HOUR",
          VirtualPrivateCloud: {
            VpcId: this.vpcId,
            SubnetId: this.subnetId,
            PrivateIpAddresses: [addresses.machines[side]],
          },
          InternetAccessible: { InternetMaxBandwidthOut: 0, PublicIpAssigned: false },
          LoginSettings: { KeyIds: [keyId] },
          SecurityGroupIds: [this.groupId],
          TagSpecification: this.#tagged("instance"),
          // With it a lost answer makes no second machine.
          ClientToken: InstanceName,
        });
        return (answer.InstanceIdSet as string[])[0];
      });
    }
    for (const side of sides) await this.running(side);
  }

  #tagged(ResourceType: string) {
    return [{ ResourceType, Tags: this.tags }];
  }

  async #buildEip(): Promise<void> {
    this.eipId = await this.make("eip", "eip", async (AddressName) => {
      const { AddressSet } = await this.call("vpc", "AllocateAddresses", {
        AddressType: "EIP",
        AddressName,
        InternetChargeType: "TRAFFIC_POSTPAID_BY_HOUR",
        InternetMaxBandwidthOut: 1,
        Tags: this.tags,
      });
      return (AddressSet as string[])[0];
    });
  }

  /** An ENI as the API lists it, undefined when it doesn't. Asked by filter: an unknown id may be an error. */
  async eni(id: string): Promise<Eni | undefined> {
    const found = await this.first(
      "vpc",
      "DescribeNetworkInterfaces",
      "NetworkInterfaceSet",
      "network-interface-id",
      id,
    );
    if (found.NetworkInterfaceId !== id) return undefined;
    const { InstanceId } = (found.Attachment ?? {}) as { InstanceId?: string };
    const seen = list(found.PrivateIpAddressSet).map(({ PrivateIpAddress, State }): [string, string] => [
      String(PrivateIpAddress),
      String(State),
    ]);
    return { state: String(found.State), instanceId: InstanceId || undefined, addresses: new Map(seen) };
  }

  /** A machine as the API shows it; empty once it is gone. */
  machine(side: Side): Promise<Json> {
    return this.first("cvm", "DescribeInstances", "InstanceSet", "instance-id", this.machines[side] ?? "");
  }

  eip(): Promise<Json> {
    return this.first("vpc", "DescribeAddresses", "AddressSet", "address-id", this.eipId);
  }

  async running(side: Side): Promise<void> {
    await this.until(`machine ${side} running`, () => this.#isIn(side, "RUNNING"), bootLimitMs);
  }

  async stop(side: Side, StoppedMode: "KEEP_CHARGING" | "STOP_CHARGING"): Promise<void> {
    const InstanceIds = [this.machines[side]];
    await this.call("cvm", "StopInstances", { InstanceIds, StopType: "HARD", StoppedMode });
    await this.until(`machine ${side} stopped`, () => this.#isIn(side, "STOPPED"), bootLimitMs);
  }

  async #isIn(side: Side, state: string): Promise<true | undefined> {
    const { InstanceState } = await this.machine(side);
    if (InstanceState === "LAUNCH_FAILED") throw new Error(`machine ${side} could not be started`);
    return InstanceState === state || undefined;
  }

  async attach(side: Side): Promise<void> {
    const InstanceId = this.machines[side];
    await this.taskEnd(
      await this.call("vpc", "AttachNetworkInterface", { NetworkInterfaceId: this.enis[side], InstanceId }),
    );
    await this.#hangsOn(side, InstanceId);
  }

  async detach(side: Side): Promise<void> {
    const request = { NetworkInterfaceId: this.enis[side], InstanceId: this.machines[side] };
    await this.taskEnd(await this.call("vpc", "DetachNetworkInterface", request));
    await this.#hangsOn(side, undefined);
  }

  async #hangsOn(side: Side, instanceId: string | undefined): Promise<void> {
    await this.until(`ENI ${side} ${instanceId ? "attached" : "detached"}`, async () => {
      const eni = await this.eni(this.enis[side]);
      return (eni?.state === "AVAILABLE" && eni.instanceId === instanceId) || undefined;
    });
  }

  migrate(source: string, target: string, address = addresses.vip): Promise<Attempt> {
    return this.attempt("vpc", "MigratePrivateIpAddress", {
      SourceNetworkInterfaceId: source,
      DestinationNetworkInterfaceId: target,
      PrivateIpAddress: address,
    });
  }

  /** Follows an address that is on its way until it is AVAILABLE at its end. */
  async follow(source: string, target: string, address = addresses.vip): Promise<Passage> {
    const { clock } = this.options;
    const startMs = clock.now();
    const looks: Passage["looks"] = [];
    return this.until(
      `${address} moving`,
      async () => {
        const [from, to] = [await this.eni(source), await this.eni(target)];
        const atMs = clock.now() - startMs;
        const [here, there] = [from?.addresses.get(address) ?? null, to?.addresses.get(address) ?? null];
        if (there === "AVAILABLE" && here === null) return { tookMs: atMs, looks };
        looks.push({ atMs, source: here, target: there });
        return undefined;
      },
      300_000,
      lookMs,
    );
  }

  /** Starts to move the VIP; the answer is the call's. */
  async start(from: Side, to: Side): Promise<Json> {
    const { outcome, text, response } = await this.migrate(this.enis[from], this.enis[to]);
    if (outcome !== "accepted") throw new Error(text);
    return response;
  }

  /** Moves the VIP and waits for it. */
  async move(from: Side, to: Side): Promise<Passage> {
    await this.start(from, to);
    return this.follow(this.enis[from], this.enis[to]);
  }

  /** Long enough that the next move is not "straight after" the last. */
  rest(): Promise<unknown> {
    return this.options.clock.sleep(15_000);
  }

  async unassign(eniId: string, address: string): Promise<void> {
    const request = { NetworkInterfaceId: eniId, PrivateIpAddresses: [{ PrivateIpAddress: address }] };
    await this.attempt("vpc", "UnassignPrivateIpAddresses", request);
    await this.until(`${address} gone`, async () => !(await this.eni(eniId))?.addresses.has(address) || undefined);
  }

  /** Machines running, ENIs attached, the VIP on ENI a, the EIP on the VIP. */
  async #home(): Promise<void> {
    for (const side of sides) {
      const { InstanceState } = this.machines[side] ? await this.machine(side) : {};
      if (InstanceState === undefined) continue;
      if (InstanceState === "STOPPED") await this.call("cvm", "StartInstances", { InstanceIds: [this.machines[side]] });
      await this.running(side);
      if ((await this.eni(this.enis[side]))?.instanceId === undefined) await this.attach(side);
    }
    await this.#bringVipHome();
    if (this.eipId) await this.bindEip();
  }

  async #bringVipHome(): Promise<void> {
    const { vip } = addresses;
    let nowhere = 0;
    await this.until("the VIP back on ENI a", async () => {
      const [a, b] = [await this.eni(this.enis.a), await this.eni(this.enis.b)];
      if (a?.addresses.get(vip) === "AVAILABLE") return true;
      nowhere = a?.addresses.has(vip) || b?.addresses.has(vip) ? 0 : nowhere + 1;
      if (b?.addresses.get(vip) === "AVAILABLE") await this.migrate(this.enis.b, this.enis.a);
      // While it moves it may be listed nowhere, so only then.
      const given = { NetworkInterfaceId: this.enis.a, PrivateIpAddresses: [{ PrivateIpAddress: vip }] };
      if (nowhere > 20) await this.attempt("vpc", "AssignPrivateIpAddresses", given);
      return undefined;
    });
  }

  async unbindEip(call = this.call): Promise<Attempt> {
    const attempt = await this.attempt("vpc", "DisassociateAddress", { AddressId: this.eipId }, { call });
    if (attempt.outcome === "accepted") {
      await this.until("the EIP unbound", async () => (await this.eip()).AddressStatus === "UNBIND" || undefined);
    }
    return attempt;
  }

  async associateEip(call = this.call): Promise<Attempt> {
    const to = { NetworkInterfaceId: this.enis.a, PrivateIpAddress: addresses.vip };
    const attempt = await this.attempt("vpc", "AssociateAddress", { AddressId: this.eipId, ...to }, { call });
    if (attempt.outcome === "accepted") {
      await this.until(
        "the EIP bound",
        async () => /^BIND/.test(String((await this.eip()).AddressStatus)) || undefined,
      );
    }
    return attempt;
  }

  /** The EIP on the VIP on ENI a, from wherever it is. */
  async bindEip(): Promise<void> {
    const seen = await this.until("the EIP at rest", async () => {
      const eip = await this.eip();
      return ["UNBIND", "BIND", "BIND_ENI"].includes(String(eip.AddressStatus)) ? eip : undefined;
    });
    if (seen.NetworkInterfaceId === this.enis.a && seen.PrivateAddressIp === addresses.vip) return;
    if (seen.AddressStatus !== "UNBIND") await this.unbindEip();
    const { outcome, text } = await this.associateEip();
    if (outcome !== "accepted") throw new Error(text);
  }
}
