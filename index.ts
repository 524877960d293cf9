import * as pulumi from "@pulumi/pulumi";
import { HaPair } from "./components/haPair.ts";
import { keptName } from "./components/identity.ts";
import { pairName } from "./components/names.ts";
import { lookUp } from "./components/running.ts";
import { wantedRepair } from "./config/repair.ts";
import { readSettings } from "./config/settings.ts";

const given = readSettings();
/** Names everything in the cloud; two stacks come up side by side. */
export const pair = await keptName("ha-name", pairName(pulumi.getProject(), pulumi.getStack()));
const settings = { ...given, pair };

const running = await lookUp("ha", { ...settings, repair: wantedRepair(process.env) });
const ha = new HaPair("ha", { settings, running });

/** The address that clients use; it is on whichever node is MASTER. */
export const vip = ha.vip;
/** The public address of the VIP, null without one. */
export const publicIp = ha.publicIp;
export const mode = settings.mode;
export const nodes = ha.nodes;
/** How one logs in on the nodes; secret. */
export const access = ha.access;
/** What to try next. */
export const next = {
  status: "npm run ha -- status",
  switchover: "npm run ha -- switchover",
  sshA: "npm run ha -- ssh a",
  sshB: "npm run ha -- ssh b",
  takeDown: "npm run destroy",
};
