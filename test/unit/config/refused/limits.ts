import type { Row } from "./row.ts";

const marks = "+ - = . _ : / @ ( ) [ ] , ; > <";
const names = `allowed: names of 1 to 127 letters, digits, spaces within and ${marks}`;
const values = `allowed: 1 to 255 letters, digits, spaces within and ${marks}`;
const kept = "allowed: names that don't begin with qcs:, project:, 项目, which the cloud keeps for itself";
const disks =
  "allowed: CLOUD_PREMIUM, CLOUD_SSD, CLOUD_BSSD, CLOUD_HSSD, CLOUD_TSSD, CLOUD_BASIC, LOCAL_BASIC, LOCAL_SSD";
const image = "allowed: part of the name of a public image, for example Debian 12";

const tag = (what: string, name: string, value: unknown, ...messages: string[]): Row => [
  `a tag ${what}`,
  { tags: JSON.stringify(Object.fromEntries([[name, value]])) },
  ...messages,
];
const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, "v"]));

/** What the cloud or its provider would refuse half-way. */
export const limitRows: Row[] = [
  tag("without a name", "", "v", `tags[""]: "v" is not allowed; ${names}`),
  tag("with too long a name", "k".repeat(128), "v", `tags.${"k".repeat(128)}: "v" is not allowed; ${names}`),
  tag("with a blank before its name", " k", "v", `tags[" k"]: "v" is not allowed; ${names}`),
  tag("with a blank behind its name", "k ", "v", `tags["k "]: "v" is not allowed; ${names}`),
  tag("with a line end in its name", "k\nl", "v", `tags["k\\nl"]: "v" is not allowed; ${names}`),
  tag("with a mark in its name", "k&l", "v", `tags["k&l"]: "v" is not allowed; ${names}`),
  tag("of the system", "qcs:owner", "v", `tags.qcs:owner: "v" is not allowed; ${kept}`),
  tag("of a project", "project:x", "v", `tags.project:x: "v" is not allowed; ${kept}`),
  tag("of a project in Chinese", "项目一", "v", `tags["项目一"]: "v" is not allowed; ${kept}`),
  tag(
    "that gets lost",
    "__proto__",
    "v",
    'tags.__proto__: "v" is not allowed; allowed: names other than __proto__, which would get lost',
  ),
  tag("without a value", "k", "", `tags.k: "" is not allowed; ${values}`),
  tag("with too long a value", "k", "v".repeat(300), `tags.k: "${"v".repeat(59)}… is not allowed; ${values}`),
  tag("with a blank before its value", "k", " v", `tags.k: " v" is not allowed; ${values}`),
  tag("with a blank behind its value", "k", "v ", `tags.k: "v " is not allowed; ${values}`),
  tag("with a line end in its value", "k", "v\nw", `tags.k: "v\\nw" is not allowed; ${values}`),
  tag("with a quote in its value", "k", 'v"w', `tags.k: "v\\"w" is not allowed; ${values}`),
  tag("with nothing as its value", "k", null, `tags.k: null is not allowed; ${values}`),
  tag("with a list as its value", "k", ["v"], `tags.k: ["v"] is not allowed; ${values}`),
  [
    "51 tags",
    { tags: JSON.stringify(many) },
    `tags: ${JSON.stringify(many).slice(0, 60)}… is not allowed; allowed: up to 50 names with text values, not 51`,
  ],
  ["a list of tags", { tags: '["k"]' }, 'tags: ["k"] is not allowed; allowed: up to 50 names with text values'],
  ["tags as text", { tags: "team=web" }, 'tags: "team=web" is not allowed; allowed: up to 50 names with text values'],
  [
    "two bad tags",
    { tags: '{"qcs:a":"v","b":""}' },
    `tags.qcs:a: "v" is not allowed; ${kept}`,
    `tags.b: "" is not allowed; ${values}`,
  ],
  [
    "a disk type with a slip",
    { systemDiskType: "CLOUD_PREMIMUM" },
    `systemDiskType: "CLOUD_PREMIMUM" is not allowed; ${disks}`,
  ],
  [
    "a disk type in small letters",
    { systemDiskType: "cloud_ssd" },
    `systemDiskType: "cloud_ssd" is not allowed; ${disks}`,
  ],
  ["a disk too small", { systemDiskSizeGb: "19" }, "systemDiskSizeGb: 19 is not allowed; allowed: 20 to 2048 GB"],
  ["a disk too large", { systemDiskSizeGb: "2049" }, "systemDiskSizeGb: 2049 is not allowed; allowed: 20 to 2048 GB"],
  [
    "a bandwidth too high",
    { publicIpBandwidthMbps: "101" },
    "publicIpBandwidthMbps: 101 is not allowed; allowed: 1 to 100 Mbit/s",
  ],
  ["an image name with a mark", { imageName: "Debian*" }, `imageName: "Debian*" is not allowed; ${image}`],
  [
    "an image id of another kind",
    { imageId: "ins-1" },
    'imageId: "ins-1" is not allowed; allowed: the id of an image, img-…',
  ],
  [
    "an instance type without a size",
    { instanceType: "S5" },
    'instanceType: "S5" is not allowed; allowed: a type with at least two ENIs',
  ],
  [
    "a zone without its number",
    { zone: "ap-guangzhou" },
    'zone: "ap-guangzhou" is not allowed; allowed: a zone of the region, for example ap-guangzhou-3',
  ],
];
