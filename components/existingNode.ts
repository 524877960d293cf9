import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";

export interface ExistingNodeArgs {
  instanceId: string;
  eniId: pulumi.Input<string>;
  /** What has to be in place before the ENI is attached and the node may take the VIP. */
  attachAfter: pulumi.Resource[];
}

/** A machine that was there before the pair and will be afterwards: it gets the second NIC, and is left alone otherwise. */
export class ExistingNode extends pulumi.ComponentResource {
  readonly attachment: tencentcloud.EniAttachment;

  constructor(name: string, args: ExistingNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keepalived-cluster:index:ExistingNode", name, {}, opts);
    this.attachment = new tencentcloud.EniAttachment(
      `${name}-attachment`,
      { eniId: args.eniId, instanceId: args.instanceId },
      // An ENI can be on one machine only.
      { parent: this, dependsOn: args.attachAfter, deleteBeforeReplace: true },
    );
    this.registerOutputs({});
  }
}
