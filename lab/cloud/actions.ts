/** All actions of this cloud. What is not here does not exist: the client is told InvalidAction. */
import { camActions } from "./cam.ts";
import { eipActions } from "./eip.ts";
import { eipBindActions } from "./eipBind.ts";
import { eniActions } from "./eni.ts";
import { eniAddressActions } from "./eniAddress.ts";
import { eniAttachActions } from "./eniAttach.ts";
import { eniCreateActions } from "./eniCreate.ts";
import { catalogueActions } from "./image.ts";
import { instanceActions } from "./instance.ts";
import { instanceChangeActions } from "./instanceChange.ts";
import { instanceLifeActions } from "./instanceLife.ts";
import { keyPairActions } from "./keyPair.ts";
import type { Actions } from "./model.ts";
import { placementGroupActions } from "./placementGroup.ts";
import { reservedIpActions } from "./reservedIp.ts";
import { securityGroupActions } from "./securityGroup.ts";
import { stsActions } from "./sts.ts";
import { subnetActions } from "./subnet.ts";
import { tagActions } from "./tag.ts";
import { taskActions } from "./task.ts";
import { vpcActions } from "./vpc.ts";

const parts: Actions[] = [
  vpcActions,
  subnetActions,
  securityGroupActions,
  eniActions,
  eniCreateActions,
  eniAddressActions,
  eniAttachActions,
  eipActions,
  eipBindActions,
  taskActions,
  instanceActions,
  instanceLifeActions,
  instanceChangeActions,
  keyPairActions,
  placementGroupActions,
  catalogueActions,
  camActions,
  tagActions,
  stsActions,
  reservedIpActions,
];

export const actions: Actions = {};
for (const part of parts) {
  for (const [service, handlers] of Object.entries(part)) actions[service] = { ...actions[service], ...handlers };
}
