/**
 * Every key of a stack: its type, its default, what is allowed. The one place for defaults, but for those that follow from
 * other keys: settings.ts fills them in (addresses: checks.ts; a health check's own: service.ts).
 *
 * Where a new key has to be named, in the order of its way:
 * - in `schema`; in settings.ts, where its name, unit or default is another once it is read; in checks.ts for what it must
 *   agree on with other keys;
 * - in Pulumi.yaml and in the tables of both READMEs, which test/unit/config/keys.test.ts holds against the schema;
 * - in test/unit/config/refused/, what is not allowed; a text also among the places of test/install/hostile.test.ts;
 * - for the nodes: PairSettings in render/model.ts; KeepalivedPlan or VipConfig in render/plan.ts; the template that shows it,
 *   or the node's settings.py, which reads vip.json; the pair of test/golden/pair.ts;
 * - for the cloud: HaPairSettings in components/haPair.ts; the component whose resource carries it; the inline engine's table
 *   in lab/engine/resources/, if the property is new there;
 * - where a machine can't change it while it lives, designOf in components/replacement.ts; where a running pair can't change it at
 *   all, Identity and `fixed` in components/running.ts.
 */
import * as z from "zod";
import { modes, nodeNames, notifyFormats, type ServicePort } from "../render/model.ts";
import { bastionAllowed, bastionSchema } from "./bastion.ts";
import { checked, integer, privateKey, timeOrOff, word } from "./fields.ts";
import { hooksAllowed, userDataAllowed } from "./files.ts";
import { healthAllowed, healthSchema, signingSecret, urlProblem } from "./service.ts";
import { hostKeyProblem, publicKeyProblem } from "./sshKeys.ts";
import { tagsAllowed, tagsSchema } from "./tags.ts";
import type { ValueType } from "./values.ts";

/** VRRP advert interval of each speed; a standby takes over after about three of them. */
export const advertIntervalsMs = { patient: 1000, normal: 500, fast: 300, aggressive: 100 } as const;

const speeds = ["patient", "normal", "fast", "aggressive"] as const;

/** What the settings test and the messages know of a key besides its zod type. */
export interface KeyMeta {
  type: ValueType;
  allowed: string;
  secret?: boolean;
  /** The part of an object that is secret; then nothing of it is shown. */
  secretPart?: string;
}
const key = <T extends z.ZodType>(type: ValueType, allowed: string, schema: T, more: Partial<KeyMeta> = {}): T =>
  schema.meta({ type, allowed, ...more });

/** An id as the cloud makes it: vpc-f49l6u0z. */
const idOf = (kind: string) => z.string().regex(new RegExp(`^${kind}-[a-z0-9]{8}$`));
/** The cloud takes five security groups for a NIC, and the pair has one of its own. */
const moreGroups = 4;
const hostName = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/);
const perNode = <T extends z.ZodType>(schema: T) => z.strictObject({ a: schema.optional(), b: schema.optional() });
const address = "IPv4 addresses of the subnet, as nodeAddresses.a and nodeAddresses.b";
const agentAllowed = "the path of an SSH agent's socket, or SSH_AUTH_SOCK for the one that this variable names";
const cidrs = "networks such as 203.0.113.7/32, with commas between them";

const keepAllowed = "off, or a time from 10s to 24h such as 90s, 10m or 2h";
const portsAllowed = "a list of ports, 1 to 65535, each once: 80 for TCP, 53/udp for UDP";
/** 80 and `80/tcp` are TCP, `53/udp` is UDP. */
const servicePort = z.union([integer(1, 65535), z.string()]).transform((given, context): ServicePort => {
  const [, digits = "", name = ""] = /^([1-9]\d{0,4})\/(tcp|udp)$/.exec(String(given)) ?? [];
  if (typeof given === "number") return { port: given, protocol: "TCP" };
  if (name !== "" && Number(digits) <= 65535) return { port: Number(digits), protocol: name === "udp" ? "UDP" : "TCP" };
  context.addIssue({ code: "custom", message: portsAllowed });
  return z.NEVER;
});

/** Those that the vendor's Terraform provider takes; any other fails there, half-way. */
const cloudDisks = ["CLOUD_PREMIUM", "CLOUD_SSD", "CLOUD_BSSD", "CLOUD_HSSD", "CLOUD_TSSD", "CLOUD_BASIC"];
const diskTypes = [...cloudDisks, "LOCAL_BASIC", "LOCAL_SSD"];

/** Every key of the project's namespace. */
export const schema = {
  mode: key("string", "stable or standing-master", z.enum(modes).default("stable")),
  preferredNode: key("string", "a or b", z.enum(nodeNames).default("a")),
  preemptDelay: key("integer", "0 to 1000 seconds", integer(0, 1000).default(30)),
  failoverSpeed: key("string", "patient, normal, fast or aggressive", z.enum(speeds).default("fast")),
  virtualRouterId: key("integer", "1 to 255", integer(1, 255).default(51)),
  keepConnections: key("string", keepAllowed, timeOrOff(10, 86_400, keepAllowed).default("off")),
  zone: key(
    "string",
    "a zone of the region, for example ap-guangzhou-3",
    z
      .string()
      .regex(/^[a-z]+(-[a-z0-9]+)+-\d+$/)
      .optional(),
  ),
  vpcId: key("string", "the id of a VPC, vpc-…", idOf("vpc").optional()),
  vpcCidr: key("string", "an IPv4 network such as 10.0.0.0/16", z.string().optional()),
  subnetId: key("string", "the id of a subnet, subnet-…", idOf("subnet").optional()),
  subnetCidr: key("string", "an IPv4 network inside the VPC", z.string().optional()),
  vip: key("string", "an IPv4 address of the subnet", z.string().optional()),
  nodeAddresses: key("object", address, perNode(z.string()).default({})),
  securityGroupIds: key(
    "array",
    `a list of at most ${moreGroups} ids of security groups, sg-…, each once`,
    z.array(idOf("sg")).max(moreGroups).default([]),
  ),
  publicIp: key("boolean", "true or false", z.boolean().default(false)),
  publicIpBandwidthMbps: key("integer", "1 to 100 Mbit/s", integer(1, 100).default(10)),
  publicIpId: key("string", "the id of an EIP, eip-…", idOf("eip").optional()),
  nodePublicIp: key("boolean", "true or false", z.boolean().default(true)),
  sshPublicKey: key("string", "one line of a .pub file", checked(publicKeyProblem).optional()),
  keyPairId: key(
    "string",
    "the id of a key pair, skey-…",
    z
      .string()
      .regex(/^skey-[a-z0-9]+$/)
      .optional(),
  ),
  sshPrivateKey: key("string", "the private key, set with --secret", privateKey.optional(), { secret: true }),
  agentSocketPath: key(
    "string",
    agentAllowed,
    z
      .string()
      .regex(/^(SSH_AUTH_SOCK|\/[^\s'"]+)$/)
      .optional(),
  ),
  sshUser: key("string", "a login name", word.optional()),
  hostKeys: key("object", "host keys as hostKeys.a and hostKeys.b", perNode(checked(hostKeyProblem)).default({})),
  bastion: key("object", bastionAllowed, bastionSchema.default({}), { secretPart: "privateKey" }),
  sshCidrs: key("array", cidrs, z.array(z.string()).default([])),
  servicePorts: key("array", portsAllowed, z.array(servicePort).default([])),
  serviceCidrs: key("array", cidrs, z.array(z.string()).default([])),
  instanceIds: key(
    "object",
    "the ids of two CVMs, as instanceIds.a and instanceIds.b",
    perNode(z.string().regex(/^ins-[a-z0-9]{8}$/)).default({}),
  ),
  nodeRole: key(
    "string",
    "the name of the CAM role of both machines",
    z
      .string()
      .regex(/^[\w+=,.@-]{1,128}$/)
      .optional(),
  ),
  nodeCredentials: key("string", "key", z.enum(["key"]).optional()),
  instanceType: key(
    "string",
    "a type with at least two ENIs",
    z
      .string()
      .regex(/^[A-Z0-9a-z]+\.[A-Z0-9]+$/)
      .default("S5.MEDIUM2"),
  ),
  imageName: key(
    "string",
    "part of the name of a public image, for example Debian 12",
    z
      .string()
      .regex(/^[\p{L}\p{N}_ .()-]+$/u)
      .default("Debian 12"),
  ),
  imageId: key(
    "string",
    "the id of an image, img-…",
    z
      .string()
      .regex(/^img-[a-z0-9]+$/)
      .optional(),
  ),
  systemDiskType: key("string", diskTypes.join(", "), z.enum(diskTypes).default("CLOUD_PREMIUM")),
  systemDiskSizeGb: key("integer", "20 to 2048 GB", integer(20, 2048).default(50)),
  userDataFile: key("string", userDataAllowed, z.string().optional()),
  apiEndpoints: key("array", "a list of host names without https://", z.array(hostName).default([])),
  healthCheck: key("object", healthAllowed, healthSchema.default({})),
  hooksDir: key("string", hooksAllowed, z.string().optional()),
  notifyUrl: key("string", "a URL, set with --secret", checked(urlProblem).optional(), { secret: true }),
  notifyFormat: key("string", "json, wecom, feishu, dingtalk or slack", z.enum(notifyFormats).default("json")),
  notifySecret: key("string", "the robot's signing secret, set with --secret", signingSecret.optional(), {
    secret: true,
  }),
  tags: key("object", tagsAllowed, tagsSchema.default({})),
};

export type Key = keyof typeof schema;
/** What the keys hold once they are read, with the schema's own defaults. */
export type Values = { [K in Key]: z.output<(typeof schema)[K]> };
export const metaOf = (name: Key): KeyMeta => schema[name].meta() as unknown as KeyMeta;
