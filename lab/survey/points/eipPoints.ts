/** Open points of the EIP: whether it follows the VIP, and what a policy has to say of it. */

import { addresses } from "../parts.ts";
import type { Stage } from "../stage.ts";
import { NotAskable, type Points } from "./point.ts";

const followLimitMs = 60_000;

/** Moves the VIP and watches the EIP: when it was seen on ENI b, null if it never was. */
async function watchEip(stage: Stage): Promise<{ followedMs: number | null; status: string; eniId: string }> {
  const { clock } = stage.options;
  await stage.move("a", "b");
  const arrivedMs = clock.now();
  for (let looks = 0; ; looks += 1) {
    const { NetworkInterfaceId, PrivateAddressIp, AddressStatus } = await stage.eip();
    const sinceMs = clock.now() - arrivedMs;
    const [status, eniId] = [String(AddressStatus), String(NetworkInterfaceId ?? "none")];
    const there = eniId === stage.enis.b && PrivateAddressIp === addresses.vip && status === "BIND";
    // Seen at the first look it came with the address.
    if (there) return { followedMs: looks === 0 ? 0 : sinceMs, status, eniId };
    if (sinceMs > followLimitMs) return { followedMs: null, status, eniId };
    await clock.sleep(250);
  }
}

/** Unbinds and binds the EIP as a caller who may do just what the statement says. The text is the first refusal's. */
async function swing(stage: Stage, statement: { action: string[]; resource: string[] }): Promise<string | null> {
  const caller = await stage.federated(statement);
  await stage.bindEip();
  for (const step of [() => stage.unbindEip(caller), () => stage.associateEip(caller)]) {
    const { outcome, text } = await step();
    if (isDenial(outcome)) return text;
    if (outcome !== "accepted") throw new Error(text);
  }
  return null;
}

/** Two codes begin alike and are not about permission. */
const isDenial = (code: string) =>
  /^(AuthFailure\.)?UnauthorizedOperation/.test(code) && !/(AttachmentNotFound|PrimaryIp)$/.test(code);

const actions = (...services: string[]) =>
  services.flatMap((service) => ["AssociateAddress", "DisassociateAddress"].map((name) => `${service}:${name}`));

async function names(stage: Stage) {
  const { OwnerUin } = await stage.call("cam", "GetUserAppId", {});
  const { region } = stage.options;
  const of = (service: string, account: string, resource: string) => `qcs::${service}:${region}:${account}:${resource}`;
  const account = `uin/${String(OwnerUin)}`;
  return {
    eni: (id: string, empty = false) => of("vpc", empty ? "" : account, `eni/${id}`),
    eip: (service: string) => of(service, account, `eip/${stage.eipId}`),
    instance: of("cvm", account, `instance/${stage.machines.a ?? ""}`),
  };
}

/** Tries each statement and tells which were enough. */
async function which(stage: Stage, tries: Record<string, { action: string[]; resource: string[] }>) {
  const enough: string[] = [];
  const evidence: string[] = [];
  for (const [name, statement] of Object.entries(tries)) {
    const denied = await swing(stage, statement);
    if (denied === null) enough.push(name);
    evidence.push(`${name}: ${denied ?? "allowed"}`);
  }
  return { enough, evidence };
}

const eitherOf = (enough: string[]): string | undefined => (enough.length > 1 ? "either" : enough[0]);

export const eipPoints = {
  eipLeftBehind: {
    question: "Does an EIP follow the address that it is bound to, when that moves?",
    why: "Only the vendor's guide of 2019 says so. If not, a node has to bind it again after each failover.",
    how: "EIP on the VIP on ENI a; the VIP moves to ENI b; the EIP is described for up to a minute.",
    answers: [
      { is: false, means: "it follows" },
      { is: true, means: "it stays bound to the old ENI, and serves nobody" },
      { is: "unbound", means: "it is bound to nothing" },
    ],
    needs: ["machines", "eip"],
    ask: async (stage) => {
      const { followedMs, status, eniId } = await watchEip(stage);
      if (followedMs !== null) return { answer: false, evidence: [`on ENI b ${followedMs} ms after the address`] };
      const evidence = [`a minute later: ${status}, ENI ${eniId}`];
      return { answer: status === "UNBIND" ? "unbound" : true, evidence };
    },
  },
  eipFollowMs: {
    question: "How long after the address does the EIP follow?",
    why: "It adds to the outage that clients on the internet see, and tells a node when to help.",
    how: "As above; the time from AVAILABLE on ENI b until the EIP is BIND there.",
    answers: [
      { is: 0, means: "with the address" },
      { is: 5000, means: "five seconds later" },
    ],
    needs: ["machines", "eip"],
    ask: async (stage) => {
      const { followedMs, status, eniId } = await watchEip(stage);
      if (followedMs === null) throw new NotAskable(`the EIP did not follow: ${status}, ENI ${eniId}`);
      return { answer: followedMs, evidence: [`on ENI b ${followedMs} ms after the address`] };
    },
  },
  camEniResource: {
    question: "How must a policy name the two ENIs for MigratePrivateIpAddress?",
    why: "The nodes' policy names both ENIs and leaves out the account. If that is not enough, no failover works.",
    how: "The VIP is moved with temporary keys (GetFederationToken) that may do just that, on ENIs named in each way.",
    answers: [
      { is: "short", means: "qcs::vpc:REGION::eni/ID is enough" },
      { is: "uin", means: "the account has to be in it" },
      { is: "*", means: "the call knows no resource: only * will do" },
    ],
    needs: ["machines"],
    ask: async (stage) => {
      const name = await names(stage);
      const both = [stage.enis.a, stage.enis.b];
      const ways = {
        short: both.map((id) => name.eni(id, true)),
        uin: both.map((id) => name.eni(id)),
        "*": ["*"],
      };
      const evidence: string[] = [];
      for (const [way, resource] of Object.entries(ways)) {
        const call = await stage.federated({ action: ["vpc:MigratePrivateIpAddress"], resource });
        const request = {
          SourceNetworkInterfaceId: stage.enis.a,
          DestinationNetworkInterfaceId: stage.enis.b,
          PrivateIpAddress: addresses.vip,
        };
        const { outcome, text, response } = await stage.attempt("vpc", "MigratePrivateIpAddress", request, { call });
        evidence.push(`${way}: ${text}`);
        if (outcome === "accepted") {
          await stage.taskEnd(response);
          return { answer: way, evidence };
        }
        if (!isDenial(outcome)) throw new Error(text);
      }
      throw new NotAskable(`no way of naming them was enough: ${evidence.join("; ")}`);
    },
  },
  camEipAction: {
    question: "Under which service does CAM know the EIP's actions, vpc or cvm?",
    why: "The API is vpc's, CAM's pages say cvm. The nodes' policy names both; one of them could go.",
    how: "The EIP is unbound and bound with temporary keys that may do one service's actions on everything.",
    answers: [
      { is: "vpc", means: "vpc:AssociateAddress" },
      { is: "cvm", means: "cvm:AssociateAddress" },
      { is: "either", means: "each of them is enough" },
    ],
    needs: ["machines", "eip"],
    ask: async (stage) => {
      const { enough, evidence } = await which(stage, {
        vpc: { action: actions("vpc"), resource: ["*"] },
        cvm: { action: actions("cvm"), resource: ["*"] },
      });
      const answer = eitherOf(enough);
      if (answer === undefined) throw new NotAskable(`neither was enough: ${evidence.join("; ")}`);
      return { answer, evidence };
    },
  },
  camEipResource: {
    question: "In which service's name is an EIP a resource, or do its calls know none?",
    why: "CAM's Chinese page says resource, its English page says operation only, and a policy that names one is denied then.",
    how: "As above, with the EIP named as each service's; the ENI and its machine are named as well.",
    answers: [
      { is: "vpc", means: "qcs::vpc:…:eip/ID" },
      { is: "cvm", means: "qcs::cvm:…:eip/ID" },
      { is: "either", means: "each of them is enough" },
      { is: "*", means: "the calls know no resource: only * will do" },
    ],
    needs: ["machines", "eip"],
    ask: async (stage) => {
      const name = await names(stage);
      const all = actions("vpc", "cvm");
      const others = [name.eni(stage.enis.a), name.instance];
      const { enough, evidence } = await which(stage, {
        vpc: { action: all, resource: [name.eip("vpc"), ...others] },
        cvm: { action: all, resource: [name.eip("cvm"), ...others] },
        "*": { action: all, resource: ["*"] },
      });
      const named = eitherOf(enough.filter((way) => way !== "*"));
      if (enough.length === 0) throw new NotAskable(`no way of naming it was enough: ${evidence.join("; ")}`);
      return { answer: named ?? "*", evidence };
    },
  },
  camEipNeedsEni: {
    question: "Does binding an EIP ask for permission on the ENI too?",
    why: "The nodes' policy grants it; if it is not asked for, the policy can be smaller.",
    how: "As above, with the EIP named as both services', and nothing else.",
    answers: [
      { is: false, means: "no" },
      { is: true, means: "yes" },
    ],
    needs: ["machines", "eip"],
    ask: async (stage) => {
      const name = await names(stage);
      const action = actions("vpc", "cvm");
      const eip = [name.eip("vpc"), name.eip("cvm")];
      const { enough, evidence } = await which(stage, {
        "with the ENI": { action, resource: [...eip, name.eni(stage.enis.a), name.instance] },
        "without it": { action, resource: eip },
      });
      if (!enough.includes("with the ENI")) throw new NotAskable(`the calls know no resource: ${evidence.join("; ")}`);
      return { answer: !enough.includes("without it"), evidence };
    },
  },
} satisfies Partial<Points>;
