/** The parts of a stage: how each is made, looked at and switched. */
import { type Json, list } from "./client.ts";
import { chooseImage, chooseOffer, type Offer } from "./offer.ts";
import { rsaPublicKey } from "./publicKey.ts";
import { Tools } from "./tools.ts";

export type Side = "a" | "b";
export const sides: Side[] = ["a", "b"];

/** Addresses of the probe's own subnet. */
export const addresses = {
  vip: "10.15.1.100",
  a: "10.15.1.11",
  b: "10.15.1.12",
  /** The machines' own; lower ones are free, for the question of order. */
  machines: { a: "10.15.1.200", b: "10.15.1.201" },
  spare: "10.15.1.50",
  reserved: "10.15.1.60",
};

export interface Eni {
  /** AVAILABLE unless it is on its way to or from a machine. */
  state: string;
  instanceId: string | undefined;
  /** Address to its state. */
  addresses: Map<string, string>;
}

const bootLimitMs = 900_000;

/** What there is of a stage, and what can be done with each part by itself. */
export class Parts extends Tools {
  /** Set by the parts that are made. */
  vpcId = "";
  subnetId = "";
  groupId = "";
  enis: Record<Side, string> = { a: "", b: "" };
  machines: Partial<Record<Side, string>> = {};
  eipId = "";
  #offer: Offer | undefined;
  #scratch = 0;

  async #choose(): Promise<Offer> {
    this.#offer ??= await chooseOffer(this.call, this.options);
    return this.#offer;
  }

  async buildNetwork(): Promise<void> {
    const { zone } = await this.#choose();
    this.vpcId = await this.make("vpc", "vpc", async (VpcName) => {
      const { Vpc } = await this.call("vpc", "CreateVpc", { VpcName, CidrBlock: "10.15.0.0/16", Tags: this.tags });
      return (Vpc as Json).VpcId;
    });
    this.subnetId = await this.make("subnet", "subnet", async (SubnetName) => {
      const request = { VpcId: this.vpcId, SubnetName, CidrBlock: "10.15.1.0/24", Zone: zone, Tags: this.tags };
      return ((await this.call("vpc", "CreateSubnet", request)).Subnet as Json).SubnetId;
    });
    // Without a rule nothing comes in: the machines are of no use to anybody.
    this.groupId = await this.make("securityGroup", "group", async (GroupName) => {
      const request = { GroupName, GroupDescription: "keepalived-cluster probe", Tags: this.tags };
      return ((await this.call("vpc", "CreateSecurityGroup", request)).SecurityGroup as Json).SecurityGroupId;
    });
  }

  async buildEnis(): Promise<void> {
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
    const secondary = `10.15.1.${host + 1}`;
    return { id: await this.makeEni(`scratch-${this.#scratch}`, [`10.15.1.${host}`, secondary]), secondary };
  }

  async buildMachines(): Promise<void> {
    const { type, zone, price } = await this.#choose();
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

  async buildEip(): Promise<void> {
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
}
