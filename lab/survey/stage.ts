/**
 * What questions are put to: a network, two ENIs with the VIP on the first, two machines, an EIP on the VIP. Each part is made
 * when a question needs it, and put back in order before each question, whatever the last one has left.
 */
import type { Json } from "./client.ts";
import { addresses, Parts, type Side, sides } from "./parts.ts";
import type { Attempt } from "./tools.ts";

const needs = ["network", "enis", "machines", "eip"] as const;
export type Need = (typeof needs)[number];

/** What was seen of an address on its way. */
export interface Passage {
  tookMs: number;
  /** Looks at source and destination until the end; the state of the address there, null where it was not listed. */
  looks: { atMs: number; source: string | null; target: string | null }[];
}

const lookMs = 250;

/** What is needed with all that this needs itself, in the order in which it is made. */
export function withTheirNeeds(wanted: Need[]): Need[] {
  const all = new Set(wanted);
  if (all.has("machines") || all.has("eip")) all.add("enis");
  if (all.has("enis")) all.add("network");
  return needs.filter((need) => all.has(need));
}

export class Stage extends Parts {
  readonly #parts = new Map<Need, Promise<void>>();

  /** Makes what is missing of what a question needs, and puts everything in order. */
  async prepare(wanted: Need[]): Promise<void> {
    const all = withTheirNeeds(wanted);
    for (const need of all) {
      // A part that could not be made is not tried again for each question.
      if (!this.#parts.has(need)) this.#parts.set(need, this.#build(need));
      await this.#parts.get(need);
    }
    if (all.includes("enis")) await this.#home();
  }

  #build(need: Need): Promise<void> {
    switch (need) {
      case "network":
        return this.buildNetwork();
      case "enis":
        return this.buildEnis();
      case "machines":
        return this.buildMachines();
      case "eip":
        return this.buildEip();
    }
  }

  migrate(source: string, target: string, address = addresses.vip): Promise<Attempt> {
    return this.attempt("vpc", "MigratePrivateIpAddress", {
      SourceNetworkInterfaceId: source,
      DestinationNetworkInterfaceId: target,
      PrivateIpAddress: address,
    });
  }

  /** Follows an address that is on its way until it is AVAILABLE at its end. */
  async follow(source: string, target: string, address = addresses.vip, stepMs = lookMs): Promise<Passage> {
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
      stepMs,
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
