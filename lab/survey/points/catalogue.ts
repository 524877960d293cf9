/** All open points, in the order in which they are asked: those that end a machine come last. */
import { behaviourNames } from "../../cloud/account/behaviour/switches.ts";
import { eipPoints } from "./eipPoints.ts";
import { eniPoints, terminationPoint } from "./eniPoints.ts";
import { movingPoints, stopChargingPoint } from "./movingPoints.ts";
import { otherPoints } from "./otherPoints.ts";
import type { Points } from "./point.ts";

export const points: Points = {
  ...otherPoints,
  ...eniPoints,
  ...movingPoints,
  ...eipPoints,
  ...stopChargingPoint,
  ...terminationPoint,
};

export type PointName = keyof Points;
export const pointNames = Object.keys(points) as PointName[];

export const isPointName = (name: string): name is PointName => (behaviourNames as string[]).includes(name);

/** What no call of the API can tell: someone has to look inside a machine. */
export const needsGuest: { name: string; question: string; why: string; look: string }[] = [
  {
    name: "credentialLifetime",
    question: "How long do the role's temporary keys live?",
    why: "only the metadata service hands them out, and only to the machine",
    look: "curl -s http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/ROLE | jq '.ExpiredTime - now'",
  },
  {
    name: "metadataHardening",
    question: "Does the metadata service ever ask for a token?",
    why: "only a machine reaches it",
    look: "curl -si http://metadata.tencentyun.com/latest/meta-data/instance-id",
  },
  {
    name: "internalEndpoint",
    question: "Does vpc.internal.tencentcloudapi.com serve this region and this kind of account?",
    why: "the name resolves and answers inside a VPC only",
    look: "sudo /etc/keepalived/vip.py query, with nodePublicIp false",
  },
  {
    name: "dataPath",
    question: "How long before or after AVAILABLE do packets reach the new ENI?",
    why: "a packet has to be sent and answered",
    look: "ping -D -i 0.05 VIP from a third machine of the VPC, during a failover",
  },
  {
    name: "crashedSource",
    question: "May an address be moved from the ENI of a machine whose kernel has died?",
    why: "the API can stop a machine (see stoppedSource), not crash it",
    look: "echo c | sudo tee /proc/sysrq-trigger on the MASTER, then look at the VIP",
  },
  {
    name: "antiSpoofing",
    question: "Are packets dropped that a machine sends from an address which its ENI doesn't have?",
    why: "the machine has to send them",
    look: "ping -I VIP GATEWAY on the BACKUP, with the VIP added to the NIC by hand",
  },
  {
    name: "secondNic",
    question: "Is eth0 by DHCP, what is the second NIC called, and which packages does TencentOS 3 or 4 have?",
    why: "it is in the image, not in the API",
    look: "networkctl status or nmcli; dnf info keepalived python3",
  },
];
