import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { keyPairName, withoutComment } from "./names.ts";

export interface NodeTemplateArgs {
  /** Name of everything in the cloud, unique in the account. */
  pair: string;
  imageId: string;
  /** Imported as a key pair unless keyPairId names an existing one. */
  sshPublicKey?: string | undefined;
  keyPairId?: string | undefined;
  tags: Record<string, string>;
}

/** What the two nodes have in common: image, key pair, and the rule that they never share a host. */
export class NodeTemplate extends pulumi.ComponentResource {
  readonly imageId: string;
  readonly keyPairId: pulumi.Output<string>;
  readonly placementGroupId: pulumi.Output<string>;

  constructor(name: string, args: NodeTemplateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keepalived-cluster:index:NodeTemplate", name, {}, opts);
    const { pair, imageId, keyPairId, sshPublicKey, tags } = args;
    if ((keyPairId === undefined) === (sshPublicKey === undefined)) {
      throw new pulumi.ResourceError("[sshPublicKey, keyPairId]: exactly one of the two must be given", this);
    }

    this.keyPairId =
      sshPublicKey === undefined
        ? pulumi.output(keyPairId ?? "")
        : new tencentcloud.KeyPair(
            `${name}-key`,
            { keyName: keyPairName(pair, sshPublicKey), publicKey: withoutComment(sshPublicKey), tags },
            // No deleteBeforeReplace: a key pair can't leave a running instance, so the nodes are replaced in between.
            { parent: this },
          ).keyPairId;
    const group = new tencentcloud.PlacementGroup(
      `${name}-placement`,
      { name: pair, type: "HOST", tags },
      { parent: this },
    );
    this.placementGroupId = group.placementGroupId;
    this.imageId = imageId;

    this.registerOutputs({ imageId: this.imageId, keyPairId: this.keyPairId, placementGroupId: this.placementGroupId });
  }
}
