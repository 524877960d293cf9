import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";

export interface NodeRoleArgs {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  region: string;
  /** The two ENIs between which the nodes may move addresses. */
  eniIds: pulumi.Input<string>[];
  /** The EIP that the nodes may bind again, undefined without one. */
  eipId: pulumi.Input<string> | undefined;
  tags: Record<string, string>;
}

/** The role that both instances carry, with the least that a failover needs. The nodes hold no key of the account's. */
export class NodeRole extends pulumi.ComponentResource {
  readonly roleName: pulumi.Output<string>;
  /** The policy in force: nodes are of no use before. */
  readonly grant: tencentcloud.CamRolePolicyAttachment;

  constructor(name: string, args: NodeRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    // The class's former name: a type is part of the URNs of everything below it, in each running stack.
    super("keepalived-cluster:index:NodeIdentity", name, {}, opts);
    const { pair, tags } = args;
    // Names are unique in the account, so the old one goes before a new one comes.
    const options = { parent: this, deleteBeforeReplace: true };

    const role = new tencentcloud.CamRole(
      `${name}-role`,
      { name: pair, description: `Nodes of ${pair}`, document: JSON.stringify(trustDocument), tags },
      options,
    );
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
    this.grant = new tencentcloud.CamRolePolicyAttachment(
      `${name}-grant`,
      { roleId: role.camRoleId, policyId: policy.camPolicyId },
      options,
    );

    this.roleName = role.name;
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
