import * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";

export interface NodeArgs {
  /** Name in the cloud and host name of the machine. */
  instanceName: string;
  zone: string;
  vpcId: pulumi.Input<string>;
  subnetId: pulumi.Input<string>;
  securityGroupIds: pulumi.Input<string>[];
  imageId: pulumi.Input<string>;
  instanceType: string;
  keyPairId: pulumi.Input<string>;
  placementGroupId: pulumi.Input<string>;
  /** Role whose credentials the machine gets from the metadata service, undefined for none. */
  roleName: pulumi.Input<string> | undefined;
  systemDiskType: string;
  systemDiskSizeGb: number;
  /** Plain text for cloud-init, undefined without any. */
  userData: string | undefined;
  /** A public address of the node's own. */
  publicIp: boolean;
  eniId: pulumi.Input<string>;
  /** What the machine is made of, as one text: another one replaces the machine. */
  design: string;
  /** What has to be in place before the machine starts. */
  startAfter: pulumi.Resource[];
  /** What has to be in place before the ENI is attached and the node may take the VIP. */
  attachAfter: pulumi.Resource[];
  tags: Record<string, string>;
}

/** Upper limit of a node's own public address; traffic is billed, not bandwidth. */
const publicBandwidthMbps = 10;

/** One machine with its second NIC. It may be replaced at any time; its ENI stays. */
export class Node extends pulumi.ComponentResource {
  readonly instance: tencentcloud.Instance;
  readonly attachment: tencentcloud.EniAttachment;
  /** Where SSH reaches it: the public address, else the private one. */
  readonly sshHost: pulumi.Output<string>;

  constructor(name: string, args: NodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keepalived-cluster:index:Node", name, {}, opts);

    this.instance = new tencentcloud.Instance(
      `${name}-instance`,
      {
        instanceName: args.instanceName,
        availabilityZone: args.zone,
        imageId: args.imageId,
        instanceType: args.instanceType,
        vpcId: args.vpcId,
        subnetId: args.subnetId,
        orderlySecurityGroups: args.securityGroupIds,
        keyIds: [args.keyPairId],
        ...(args.roleName !== undefined && { camRoleName: args.roleName }),
        disasterRecoverGroupIds: [args.placementGroupId],
        systemDiskType: args.systemDiskType,
        systemDiskSize: args.systemDiskSizeGb,
        ...(args.userData !== undefined && { userDataRaw: pulumi.secret(args.userData) }),
        ...(args.publicIp && {
          allocatePublicIp: true,
          internetChargeType: "TRAFFIC_POSTPAID_BY_HOUR",
          internetMaxBandwidthOut: publicBandwidthMbps,
        }),
        forceDelete: true,
        // Only this property is honoured, customTimeouts are not. A timeout loses the machine's id: be generous.
        timeouts: { create: "20m" },
        tags: args.tags,
      },
      {
        parent: this,
        dependsOn: args.startAfter,
        // Changed in place these would reinstall or restart both machines at once, and the newest image of a name changes
        // by itself. Ignored, they take effect when the machine is replaced, which the design alone decides.
        replacementTrigger: args.design,
        ignoreChanges: [
          "partitionNumber",
          "imageId",
          "keyIds",
          "userDataRaw",
          "instanceType",
          "systemDiskType",
          "systemDiskSize",
        ],
        // The provider returns user data a second time, as base64 under another name.
        additionalSecretOutputs: ["userData", "userDataRaw"],
      },
    );
    this.attachment = new tencentcloud.EniAttachment(
      `${name}-attachment`,
      { eniId: args.eniId, instanceId: this.instance.instanceId },
      // An ENI can be on one machine only.
      { parent: this, dependsOn: args.attachAfter, deleteBeforeReplace: true },
    );
    // Not by whether there is one: an address that a machine lacks is no output, which a preview takes for unknown.
    this.sshHost = args.publicIp ? this.instance.publicIp : this.instance.privateIp;

    this.registerOutputs({ instanceId: this.instance.instanceId, sshHost: this.sshHost });
  }
}
