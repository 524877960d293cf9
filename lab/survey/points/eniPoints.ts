/** Open points of ENIs, their addresses and the machines that they hang on. */
import { codeOf } from "../client.ts";
import { addresses, type Side } from "../parts.ts";
import type { Stage } from "../stage.ts";
import type { Attempt } from "../tools.ts";
import { accepted, NotAskable, type Points, refusedAs } from "./point.ts";

const whileMoving = {
  answers: [...refusedAs("invalidState", "mutex"), accepted("it waits its turn")],
  why: "The provider attaches and detaches while nodes move the VIP; it tries again after one code only, and only to detach.",
};

/** Attaches an ENI while an address is on its way from it, or to it if the cloud lets none leave an ENI that hangs on nothing. */
async function attachMeanwhile(stage: Stage): Promise<{ attempt: Attempt; evidence: string[] }> {
  const refusals: string[] = [];
  for (const side of ["a", "b"] as Side[]) {
    await stage.prepare(["machines"]);
    await stage.detach(side);
    const move = await stage.migrate(stage.enis.a, stage.enis.b);
    if (move.outcome !== "accepted") {
      refusals.push(move.text);
      continue;
    }
    const attempt = await stage.attempt(
      "vpc",
      "AttachNetworkInterface",
      { NetworkInterfaceId: stage.enis[side], InstanceId: stage.machines[side] },
      { busyIsAnswer: true },
    );
    await stage.follow(stage.enis.a, stage.enis.b);
    if (attempt.outcome === "accepted") await stage.taskEnd(attempt.response);
    const role = side === "a" ? "it was leaving the ENI" : "it was coming to the ENI";
    return { attempt, evidence: [...refusals, `${attempt.text}, while ${role}`] };
  }
  throw new NotAskable(`no address moves to or from an ENI that hangs on nothing: ${refusals.join("; ")}`);
}

export const eniPoints = {
  attachWhileMigrating: {
    question: "What does AttachNetworkInterface answer while an address is moving to or from the ENI?",
    why: whileMoving.why,
    how: "ENI a is detached, the VIP starts to move to ENI b, ENI a is attached again at once.",
    answers: whileMoving.answers,
    needs: ["machines"],
    ask: async (stage) => {
      const { attempt, evidence } = await attachMeanwhile(stage);
      return { answer: attempt.outcome, evidence };
    },
  },
  detachWhileMigrating: {
    question: "What does DetachNetworkInterface answer while an address is moving from the ENI?",
    why: whileMoving.why,
    how: "The VIP starts to move to ENI b, ENI a is detached at once; then all is put back.",
    answers: whileMoving.answers,
    needs: ["machines"],
    ask: async (stage) => {
      const move = await stage.migrate(stage.enis.a, stage.enis.b);
      if (move.outcome !== "accepted") throw new NotAskable(move.text);
      const request = { NetworkInterfaceId: stage.enis.a, InstanceId: stage.machines.a };
      const attempt = await stage.attempt("vpc", "DetachNetworkInterface", request, { busyIsAnswer: true });
      await stage.follow(stage.enis.a, stage.enis.b);
      if (attempt.outcome === "accepted") await stage.taskEnd(attempt.response);
      return { answer: attempt.outcome, evidence: [attempt.text] };
    },
  },
  unknownEni: {
    question: "Does DescribeNetworkInterfaces answer an unknown id with an error, or with an empty list?",
    why: "With an error, `pulumi refresh` fails once an ENI was deleted by hand: docs/runbook.md says what to do then.",
    how: "An ENI is made and deleted, then described by its id; so is an id that never was.",
    answers: [
      { is: "error", means: "ResourceNotFound" },
      { is: "empty", means: "an empty list" },
    ],
    needs: ["network"],
    ask: async (stage) => {
      const { id } = await stage.makeScratch();
      await stage.call("vpc", "DeleteNetworkInterface", { NetworkInterfaceId: id });
      await stage.until(`${id} gone`, async () => ((await stage.eni(id)) ? undefined : true));
      const describe = async (eni: string) => {
        const { outcome, text, response } = await stage.attempt("vpc", "DescribeNetworkInterfaces", {
          NetworkInterfaceIds: [eni],
        });
        if (outcome !== "accepted") return { is: "error", text };
        return { is: "empty", text: `${text}, ${String(response.TotalCount)} found` };
      };
      const [deleted, never] = [await describe(id), await describe("eni-00000000")];
      return { answer: deleted.is, evidence: [`deleted: ${deleted.text}`, `never there: ${never.text}`] };
    },
  },
  occupiedCode: {
    question: "With which code is an address refused that another ENI has?",
    why: "A node assigns a VIP that it finds nowhere, and must see by this code that the peer was faster.",
    how: "VIP on ENI a; AssignPrivateIpAddresses on ENI b, then CreateNetworkInterface with it.",
    answers: [
      { is: "ResourceInUse", means: "as documented; the provider asks again for minutes" },
      { is: "InvalidParameterValue.Duplicate", means: "refused at once" },
    ],
    needs: ["enis"],
    ask: async (stage) => {
      const PrivateIpAddresses = [{ PrivateIpAddress: addresses.vip, Primary: false }];
      const given = { NetworkInterfaceId: stage.enis.b, PrivateIpAddresses };
      const assigned = await stage.attempt("vpc", "AssignPrivateIpAddresses", given);
      if (assigned.outcome === "accepted") await stage.taskEnd(assigned.response);
      const created = await stage.makeEni("occupied", [addresses.vip]).then(
        () => "accepted",
        (error: Error) => codeOf(error) ?? error.message,
      );
      return { answer: assigned.outcome, evidence: [assigned.text, `CreateNetworkInterface: ${created}`] };
    },
  },
  reservedAssign: {
    question: "May an address that was reserved in the VPC be assigned to an ENI?",
    why: "If so, a reservation could keep the VIP from being handed to somebody else.",
    how: "An address is reserved, then AssignPrivateIpAddresses on ENI b.",
    answers: [accepted("it may"), { is: "InvalidParameterValue.Reserved", means: "it may not" }],
    needs: ["enis"],
    ask: async (stage) => {
      await stage.make("reservedIp", "reserved", async (Name) => {
        const { ReserveIpAddressSet } = await stage.call("vpc", "CreateReserveIpAddresses", {
          VpcId: stage.vpcId,
          SubnetId: stage.subnetId,
          IpAddresses: [addresses.reserved],
          Name,
          Tags: stage.tags,
        });
        return (ReserveIpAddressSet as { ReserveIpId: string }[])[0]?.ReserveIpId;
      });
      const PrivateIpAddresses = [{ PrivateIpAddress: addresses.reserved }];
      const attempt = await stage.attempt("vpc", "AssignPrivateIpAddresses", {
        NetworkInterfaceId: stage.enis.b,
        PrivateIpAddresses,
      });
      if (attempt.outcome === "accepted") {
        await stage.taskEnd(attempt.response);
        await stage.unassign(stage.enis.b, addresses.reserved);
      }
      return { answer: attempt.outcome, evidence: [attempt.text] };
    },
  },
  unassignNothing: {
    question: "What does UnassignPrivateIpAddresses do with an empty list?",
    why: "One of the provider's resources can send it. This project uses another, and this is why.",
    how: "On a third ENI with a secondary address.",
    answers: [
      { is: "MissingParameter", means: "refused" },
      accepted("it does nothing"),
      { is: "all", means: "it takes every secondary address" },
    ],
    needs: ["network"],
    ask: async (stage) => {
      const { id, secondary } = await stage.makeScratch();
      const request = { NetworkInterfaceId: id, PrivateIpAddresses: [] };
      const attempt = await stage.attempt("vpc", "UnassignPrivateIpAddresses", request);
      if (attempt.outcome !== "accepted") return { answer: attempt.outcome, evidence: [attempt.text] };
      await stage.taskEnd(attempt.response);
      const left = (await stage.eni(id))?.addresses.has(secondary) ?? false;
      const evidence = [attempt.text, left ? "the secondary address is still there" : "the secondary address is gone"];
      return { answer: left ? "accepted" : "all", evidence };
    },
  },
  instanceAddresses: {
    question: "Which addresses of a machine does DescribeInstances list, and in which order?",
    why: "The provider takes the first one for the machine's own, and waits at the end until every one is free.",
    how: "Machine b's primary ENI gets a secondary address that is lower than its primary one; then DescribeInstances.",
    answers: [
      { is: "primary-nic", means: "all of the primary ENI, the primary address first" },
      { is: "unordered", means: "all of the primary ENI, in another order" },
      { is: "primary-only", means: "the primary address alone" },
      { is: "all-nics", means: "those of every ENI" },
    ],
    needs: ["machines"],
    ask: async (stage) => {
      const { NetworkInterfaceId } = await stage.first(
        "vpc",
        "DescribeNetworkInterfaces",
        "NetworkInterfaceSet",
        "address-ip",
        addresses.machines.b,
      );
      const eniId = String(NetworkInterfaceId);
      const PrivateIpAddresses = [{ PrivateIpAddress: addresses.spare }];
      const assigned = await stage.call("vpc", "AssignPrivateIpAddresses", {
        NetworkInterfaceId: eniId,
        PrivateIpAddresses,
      });
      await stage.taskEnd(assigned);
      const listed = (await stage.machine("b")).PrivateIpAddresses as string[];
      await stage.unassign(eniId, addresses.spare);
      const answer = () => {
        if (listed.includes(addresses.b)) return "all-nics";
        if (!listed.includes(addresses.spare)) return "primary-only";
        return listed[0] === addresses.machines.b ? "primary-nic" : "unordered";
      };
      return { answer: answer(), evidence: [`PrivateIpAddresses: ${listed.join(", ")}`] };
    },
  },
} satisfies Partial<Points>;

/** Asked last: it ends machine a. */
export const terminationPoint = {
  enisGoWithInstance: {
    question: "Does an ENI go with the machine that it is attached to, when that is terminated?",
    why: "The VIP is on such an ENI. If it goes, replacing a node can take the VIP's ENI away.",
    how: "Machine a is terminated with ENI a and the VIP on it; then ENI a is looked for.",
    answers: [
      { is: false, means: "it stays, as the API's text says" },
      { is: true, means: "it goes" },
    ],
    needs: ["machines"],
    ask: async (stage) => {
      await stage.call("cvm", "TerminateInstances", { InstanceIds: [stage.machines.a] });
      await stage.until(
        "machine a gone",
        async () => ((await stage.machine("a")).InstanceId === undefined ? true : undefined),
        900_000,
      );
      const eni = await stage.eni(stage.enis.a);
      if (!eni) return { answer: true, evidence: ["ENI a is gone"] };
      const kept = eni.addresses.has(addresses.vip) ? "with the VIP" : "without the VIP";
      return { answer: false, evidence: [`ENI a is there, ${kept}`] };
    },
  },
} satisfies Partial<Points>;
