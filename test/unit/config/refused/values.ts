import type { Row } from "./row.ts";

/** Words, numbers and lists of single keys. */
export const valueRows: Row[] = [
  ["unknown mode", { mode: "activ" }, 'mode: "activ" is not allowed; allowed: stable or standing-master'],
  [
    "unknown speed",
    { failoverSpeed: "warp" },
    'failoverSpeed: "warp" is not allowed; allowed: patient, normal, fast or aggressive',
  ],
  [
    "unknown format",
    { notifyFormat: "teams", notifyUrl: "https://hooks.example/s3cret" },
    'notifyFormat: "teams" is not allowed; allowed: json, wecom, feishu, dingtalk or slack',
  ],
  ["virtual router id 0", { virtualRouterId: "0" }, "virtualRouterId: 0 is not allowed; allowed: 1 to 255"],
  ["virtual router id 256", { virtualRouterId: "256" }, "virtualRouterId: 256 is not allowed; allowed: 1 to 255"],
  ...["9s", "25h", "10", "10 m", "0m", "1.5h", "10m;", "on"].map(
    (text): Row => [
      `connections kept for ${text}`,
      { keepConnections: text },
      `keepConnections: "${text}" is not allowed; allowed: off, or a time from 10s to 24h such as 90s, 10m or 2h`,
    ],
  ),
  ["a word for a number", { preemptDelay: "soon" }, 'preemptDelay: "soon" is not allowed; allowed: 0 to 1000 seconds'],
  ["a word for a switch", { publicIp: "yes" }, 'publicIp: "yes" is not allowed; allowed: true or false'],
  [
    "a list given as an object",
    { sshCidrs: '{"0":"203.0.113.7/32"}' },
    'sshCidrs: {"0":"203.0.113.7/32"} is not allowed; allowed: networks such as 203.0.113.7/32, with commas between them',
  ],
  ["a port twice", { servicePorts: "[80,80]" }, "servicePorts[1]: 80 came before; allowed: each port once"],
  [
    "a port too high",
    { servicePorts: "[80,70000]" },
    "servicePorts[1]: 70000 is not allowed; allowed: a list of ports, 1 to 65535, each once: 80 for TCP, 53/udp for UDP",
  ],
  [
    "a URL for a host name",
    { apiEndpoints: '["https://vpc.tencentcloudapi.com"]' },
    'apiEndpoints[0]: "https://vpc.tencentcloudapi.com" is not allowed; allowed: a list of host names without https://',
  ],
  [
    "a file that is not there",
    { userDataFile: "/no/such/file" },
    'userDataFile: "/no/such/file" can\'t be read (there is none); allowed: a readable file of at most 12 KB',
  ],
  [
    "an unknown key close to a known one",
    { prefferedNode: "b" },
    "prefferedNode: is not a key of this project; did you mean preferredNode?",
  ],
];
