import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { type AccessKey, NodeKey } from "./nodeKey.ts";

/**
 * As what the nodes call the cloud. `own`: a role that is made for them, for machines that are made with it. Machines that
 * were there before have a role already, which gets the policy; or none, and then a key.
 */
export type CallerKind = { kind: "own" } | { kind: "role"; roleId: string } | { kind: "key" };

export interface NodeRoleArgs {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  region: string;
  /** The two ENIs between which the nodes may move addresses. */
  eniIds: pulumi.Input<string>[];
  /** The EIP that the nodes may bind again, undefined without one. */
  eipId: pulumi.Input<string> | undefined;
  caller: CallerKind;
  tags: Record<string, string>;
}

/** The least that a failover needs, for the role that both instances carry or for a key of their own. */
export class NodeRole extends pulumi.ComponentResource {
  /** For new machines, undefined for those that were there before. */
  readonly roleName: pulumi.Output<string> | undefined;
  /** For machines without a role. */
  readonly key: pulumi.Output<AccessKey> | undefined;
  /** The policy in force: nodes are of no use before. */
  readonly grant: tencentcloud.CamRolePolicyAttachment | tencentcloud.CamUserPolicyAttachment;

  constructor(name: string, args: NodeRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    // The class's former name: a type is part of the URNs of everything below it, in each running stack.
    super("keepalived-cluster:index:NodeIdentity", name, {}, opts);
    const { pair, tags } = args;
    // Names are unique in the account, so the old one goes before a new one comes.
    const options = { parent: this, deleteBeforeReplace: true };

    const policy = new tencentcloud.CamPolicy(
      `${name}-policy`,
      {
        name: pair,
        description: `Lets the nodes of ${pair} move their VIP`,
        document: pulumi.jsonStringify(
          pulumi.all([args.eniIds, args.eipId]).apply(([eniIds, eipId]) => policyDocument(args.region, eniIds, eipId)),
        ),
        tags,
      },
      options,
    );
    const policyId = policy.camPolicyId;
    const grantTo = (roleId: pulumi.Input<string>) =>
      new tencentcloud.CamRolePolicyAttachment(`${name}-grant`, { roleId, policyId }, options);
    if (args.caller.kind === "own") {
      const role = new tencentcloud.CamRole(
        `${name}-role`,
        { name: pair, description: `Nodes of ${pair}`, document: JSON.stringify(trustDocument), tags },
        options,
      );
      this.roleName = role.name;
      this.grant = grantTo(role.camRoleId);
    } else if (args.caller.kind === "role") {
      this.grant = grantTo(args.caller.roleId);
    } else {
      const { key, grant } = new NodeKey(`${name}-key`, { pair, policyId, tags }, { parent: this });
      this.key = key;
      this.grant = grant;
    }
    this.registerOutputs({ roleName: this.roleName });
  }
}

/** Only instances may take the role. */
export const trustDocument = {
  version: "2.0",
  statement: [{ action: ["name/sts:AssumeRole"], effect: "allow", principal: { service: ["cvm.qcloud.com"] } }],
};

/**
 * Moving addresses is granted on the two ENIs alone. The account field of a resource may stay empty: it then means the
 * account of the policy's creator (https://www.tencentcloud.com/document/product/598/10606). Calls that know no resource are
 * denied when a policy names one, so they stand in a statement of their own (https://cloud.tencent.com/document/product/598/57179).
 * The EIP's calls belong to the vpc API, but CAM knew them as cvm's for years and its documents use both; so do we.
 */
export function policyDocument(region: string, eniIds: string[], eipId: string | undefined) {
  const enis = eniIds.map((id) => `qcs::vpc:${region}::eni/${id}`);
  const both = (...actions: string[]) => actions.flatMap((action) => [`vpc:${action}`, `cvm:${action}`]);
  const look = ["vpc:DescribeNetworkInterfaces", "vpc:DescribeVpcTaskResult"];
  const move = {
    effect: "allow",
    action: ["vpc:MigratePrivateIpAddress", "vpc:AssignPrivateIpAddresses"],
    resource: enis,
  };
  const describe = (action: string[]) => ({ effect: "allow", action, resource: ["*"] });
  if (eipId === undefined) return { version: "2.0", statement: [move, describe(look)] };
  // CAM's documents list an instance beside the EIP as what these calls touch. It widens nothing: the EIP must match too.
  const eip = [
    `qcs::vpc:${region}::eip/${eipId}`,
    `qcs::cvm:${region}::eip/${eipId}`,
    `qcs::cvm:${region}::instance/*`,
  ];
  return {
    version: "2.0",
    statement: [
      move,
      { effect: "allow", action: both("AssociateAddress", "DisassociateAddress"), resource: [...eip, ...enis] },
      describe([...look, ...both("DescribeAddresses", "DescribeTaskResult")]),
    ],
  };
}
