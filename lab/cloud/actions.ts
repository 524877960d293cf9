/** All actions of this cloud. What is not here does not exist: the client is told InvalidAction. */

import type { Actions } from "./account/model.ts";
import { camActions } from "./cam/cam.ts";
import { stsActions } from "./cam/sts.ts";
import { userActions } from "./cam/user.ts";
import { catalogueActions } from "./cvm/image.ts";
import { instanceActions } from "./cvm/instance.ts";
import { instanceChangeActions } from "./cvm/instanceChange.ts";
import { instanceLifeActions } from "./cvm/instanceLife.ts";
import { keyPairActions } from "./cvm/keyPair.ts";
import { placementGroupActions } from "./cvm/placementGroup.ts";
import { tagActions } from "./tag/tag.ts";
import { eipActions } from "./vpc/eip.ts";
import { eipBindActions } from "./vpc/eipBind.ts";
import { eniActions } from "./vpc/eni.ts";
import { eniAddressActions } from "./vpc/eniAddress.ts";
import { eniAttachActions } from "./vpc/eniAttach.ts";
import { eniCreateActions } from "./vpc/eniCreate.ts";
import { reservedIpActions } from "./vpc/reservedIp.ts";
import { securityGroupActions } from "./vpc/securityGroup.ts";
import { subnetActions } from "./vpc/subnet.ts";
import { taskActions } from "./vpc/task.ts";
import { vpcActions } from "./vpc/vpc.ts";

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
  userActions,
  tagActions,
  stsActions,
  reservedIpActions,
];

export const actions: Actions = {};
for (const part of parts) {
  for (const [service, handlers] of Object.entries(part)) actions[service] = { ...actions[service], ...handlers };
}
