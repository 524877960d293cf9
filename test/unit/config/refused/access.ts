import type { Row } from "./row.ts";

const ports = "allowed: a list of ports, 1 to 65535, each once: 80 for TCP, 53/udp for UDP";
const own = "allowed: sshCidrs for SSH, with your own networks, /8 or narrower, for example 203.0.113.7/32";

/** Who reaches what. */
export const accessRows: Row[] = [
  [
    "SSH to everybody as a service",
    { servicePorts: "[80,22]", serviceCidrs: '["0.0.0.0/0"]' },
    `servicePorts[1]: 22 is the nodes' own SSH, and serviceCidrs' "0.0.0.0/0" opens it to the internet; ${own}`,
  ],
  [
    "SSH to half of everybody as a service",
    { servicePorts: '["22/tcp"]', serviceCidrs: '["10.0.0.0/8","128.0.0.0/1"]' },
    `servicePorts[0]: 22 is the nodes' own SSH, and serviceCidrs' "128.0.0.0/1" opens it to the internet; ${own}`,
  ],
  [
    "one UDP port twice",
    { servicePorts: '["53/udp",53,"53/udp"]' },
    "servicePorts[2]: 53/udp came before; allowed: each port once",
  ],
  [
    "one TCP port in two spellings",
    { servicePorts: '[80,"80/tcp"]' },
    "servicePorts[1]: 80 came before; allowed: each port once",
  ],
  ["a port as text", { servicePorts: '["80"]' }, `servicePorts[0]: "80" is not allowed; ${ports}`],
  ["a protocol without ports", { servicePorts: '["80/icmp"]' }, `servicePorts[0]: "80/icmp" is not allowed; ${ports}`],
  ["a protocol in capitals", { servicePorts: '["53/UDP"]' }, `servicePorts[0]: "53/UDP" is not allowed; ${ports}`],
  ["a UDP port too high", { servicePorts: '["65536/udp"]' }, `servicePorts[0]: "65536/udp" is not allowed; ${ports}`],
  ["a UDP port 0", { servicePorts: '["0/udp"]' }, `servicePorts[0]: "0/udp" is not allowed; ${ports}`],
  ["a port 0", { servicePorts: "[0]" }, `servicePorts[0]: 0 is not allowed; ${ports}`],
  ["half a port", { servicePorts: "[80.5]" }, `servicePorts[0]: 80.5 is not allowed; ${ports}`],
  [
    "a range of ports",
    { servicePorts: '["8000-8010/tcp"]' },
    `servicePorts[0]: "8000-8010/tcp" is not allowed; ${ports}`,
  ],
  ["no port at all", { servicePorts: "[null]" }, `servicePorts[0]: null is not allowed; ${ports}`],
  ["a port that is none, without a list", { servicePorts: "0" }, `servicePorts[0]: 0 is not allowed; ${ports}`],
];
