/** Open points of security groups, key pairs and tags: they need no machine. */
import { codeOf, type Json, list } from "../client.ts";
import { ed25519PublicKey, rsaPublicKey } from "../publicKey.ts";
import type { Stage } from "../stage.ts";
import { accepted, type Points } from "./point.ts";

/** The group's rules after it was given some, in the same order. */
async function rulesFor(stage: Stage, ports: string[]): Promise<Json[]> {
  const SecurityGroupId = stage.groupId;
  const Egress = ports.map((Port, index) => ({
    Protocol: "ALL",
    Port,
    CidrBlock: `10.15.${index}.0/24`,
    Action: "ACCEPT",
  }));
  await stage.call("vpc", "ModifySecurityGroupPolicies", { SecurityGroupId, SecurityGroupPolicySet: { Egress } });
  const answer = await stage.call("vpc", "DescribeSecurityGroupPolicies", { SecurityGroupId });
  const rules = list((answer.SecurityGroupPolicySet as Json).Egress);
  return Egress.map(({ CidrBlock }) => rules.find((rule) => rule.CidrBlock === CidrBlock) ?? {});
}

function importKey(stage: Stage, suffix: string, PublicKey: string) {
  return stage.make("keyPair", suffix, async (KeyName) => {
    const TagSpecification = [{ ResourceType: "keypair", Tags: stage.tags }];
    return (await stage.call("cvm", "ImportKeyPair", { KeyName, ProjectId: 0, PublicKey, TagSpecification })).KeyId;
  });
}

/** Whether a key is taken; a refusal is the answer. */
const imported = (stage: Stage, suffix: string, publicKey: string) =>
  importKey(stage, suffix, publicKey).then(
    () => ({ answer: "accepted", evidence: ["ImportKeyPair: accepted"] }),
    (error: Error) => {
      const code = codeOf(error);
      if (code === undefined) throw error;
      return { answer: code, evidence: [`ImportKeyPair: ${code} (${error.message})`] };
    },
  );

export const otherPoints = {
  ruleIpv6Cidr: {
    question: "Is Ipv6CidrBlock of an IPv4 rule an empty text, or null?",
    why: "The provider loses a rule's source group when it is null. This project names CIDRs, and this is why.",
    how: "A security group gets a rule; DescribeSecurityGroupPolicies.",
    answers: [
      { is: "", means: "an empty text" },
      { is: null, means: "null, or missing" },
    ],
    needs: ["network"],
    ask: async (stage) => {
      const [rule] = await rulesFor(stage, ["ALL"]);
      return { answer: rule?.Ipv6CidrBlock ?? null, evidence: [JSON.stringify(rule)] };
    },
  },
  rulePortAll: {
    question: 'Does a rule for all ports come back as "ALL", as "all", or as it was sent?',
    why: "The provider compares the text: another spelling is a change at every `pulumi up`. This project writes ALL.",
    how: 'A security group gets two rules, with "ALL" and with "all"; DescribeSecurityGroupPolicies.',
    answers: [
      { is: "ALL", means: "upper case" },
      { is: "all", means: "lower case" },
      { is: "as-sent", means: "as it was sent" },
    ],
    needs: ["network"],
    ask: async (stage) => {
      const seen = (await rulesFor(stage, ["ALL", "all"])).map(({ Port }) => String(Port));
      const [upper, lower] = seen;
      return { answer: upper === lower ? upper : "as-sent", evidence: [`sent ALL and all, got ${seen.join(" and ")}`] };
    },
  },
  camTagRegion: {
    question: "May a CAM policy be tagged by a resource name with a region in it?",
    why: "The provider names policies so when their tags change.",
    how: "A policy that allows nothing of note is made; ModifyResourceTags; then its tags are read.",
    answers: [
      accepted("it may"),
      { is: "ignored", means: "it succeeds, and the policy has no tag" },
      { is: "InvalidParameterValue.RegionInvalid", means: "it may not" },
    ],
    needs: [],
    ask: async (stage) => {
      const id = await stage.make("policy", "policy", async (PolicyName) => {
        const statement = [{ effect: "allow", action: ["vpc:DescribeVpcs"], resource: ["*"] }];
        const PolicyDocument = JSON.stringify({ version: "2.0", statement });
        return (await stage.call("cam", "CreatePolicy", { PolicyName, PolicyDocument, Tags: stage.tags })).PolicyId;
      });
      const { outcome, text } = await stage.attempt("tag", "ModifyResourceTags", {
        Resource: `qcs::cam:${stage.options.region}:uin/:policy/${id}`,
        ReplaceTags: [{ TagKey: "asked", TagValue: "yes" }],
      });
      if (outcome !== "accepted") return { answer: outcome, evidence: [text] };
      const tags = list((await stage.call("cam", "GetPolicy", { PolicyId: Number(id) })).Tags);
      const shown = tags.some(({ Key }) => Key === "asked");
      const evidence = [text, `GetPolicy has the tags ${tags.map(({ Key }) => Key).join(", ") || "none"}`];
      return { answer: shown ? "accepted" : "ignored", evidence };
    },
  },
  publicKeyTwice: {
    question: "May one public key be imported twice, under two names?",
    why: "Two stacks with the same sshPublicKey in one account need it; else the second one needs keyPairId.",
    how: "A key that was made for this is imported twice.",
    answers: [accepted("it may"), { is: "InvalidPublicKey.Duplicate", means: "it may not" }],
    needs: [],
    ask: async (stage) => {
      const publicKey = rsaPublicKey();
      await importKey(stage, "twice-1", publicKey);
      return imported(stage, "twice-2", publicKey);
    },
  },
  ed25519Key: {
    question: "May an Ed25519 public key be imported?",
    why: 'The API\'s text says "OpenSSH RSA" only. If so, sshPublicKey has to be an RSA key.',
    how: "A key that was made for this is imported.",
    answers: [accepted("it may"), { is: "InvalidPublicKey.Malformed", means: "it may not" }],
    needs: [],
    ask: (stage) => imported(stage, "ed25519", ed25519PublicKey()),
  },
} satisfies Partial<Points>;
