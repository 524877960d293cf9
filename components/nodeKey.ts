import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";

export interface NodeKeyArgs {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  policyId: pulumi.Input<string>;
  tags: Record<string, string>;
}

/** What a node signs its calls with. */
export interface AccessKey {
  secretId: string;
  secretKey: string;
}

/**
 * A user of the stack's own that nobody logs in with, and its key, for machines to which no role can be given: no resource
 * of the provider gives one to a machine that it has not made. Renewed by `pulumi up --replace` of the key: the new one is
 * on both nodes before the old one is deleted (a user may have two).
 */
export class NodeKey extends pulumi.ComponentResource {
  /** Secret. */
  readonly key: pulumi.Output<AccessKey>;
  /** The policy in force: nodes are of no use before. */
  readonly grant: tencentcloud.CamUserPolicyAttachment;

  constructor(name: string, args: NodeKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keepalived-cluster:index:NodeKey", name, {}, opts);
    const { pair, tags } = args;
    // Names are unique in the account, so the old one goes before a new one comes.
    const user = new tencentcloud.CamUser(
      `${name}-user`,
      // Without forceDelete a key that somebody has made by hand would keep the user from being deleted.
      { name: pair, remark: `Nodes of ${pair}`, consoleLogin: false, useApi: false, forceDelete: true, tags },
      { parent: this, deleteBeforeReplace: true },
    );
    // The SDK marks its secret as one by itself.
    const accessKey = new tencentcloud.CamAccessKey(`${name}-secret`, { targetUin: user.uin }, { parent: this });
    this.grant = new tencentcloud.CamUserPolicyAttachment(
      `${name}-grant`,
      { userName: user.name, policyId: args.policyId },
      { parent: this, deleteBeforeReplace: true },
    );
    this.key = pulumi.secret(
      pulumi.all([accessKey.accessKey, accessKey.secretAccessKey]).apply(([secretId, secretKey]) => {
        return { secretId, secretKey };
      }),
    );
    this.registerOutputs({});
  }
}
