/** What an `up` of the user's own needs to work against the local cloud. */
import { word } from "../../terminal/shell.ts";
import type { LabConfig, LabPaths } from "../state.ts";

/** Lines to paste into a shell. The keys are the local cloud's: they open nothing else. */
export function cloudHelp(config: LabConfig, paths: LabPaths): string {
  return `${accountHelp(config)}
pulumi config set zone ${config.zone}
pulumi config set --path 'sshCidrs[0]' 198.18.0.0/15
pulumi config set sshPublicKey "$(cat ${word(`${paths.sshKey}.pub`)})"
pulumi config set --secret sshPrivateKey < ${word(paths.sshKey)}
pulumi config set --path 'servicePorts[0]' 80
pulumi config set --path 'serviceCidrs[0]' 0.0.0.0/0
pulumi config set userDataFile lab/user-data.sh
npm run up`;
}

/** The part of it that leads into the local cloud. */
export const accountHelp = (
  config: LabConfig,
): string => `# The local Tencent Cloud listens on 127.0.0.1:${config.apiPort}. For an "up" of your own against it:
export TENCENTCLOUD_SECRET_ID=${config.secretId}
export TENCENTCLOUD_SECRET_KEY=${config.secretKey}
pulumi stack init lab
pulumi config set tencentcloud:region ${config.region}
pulumi config set tencentcloud:protocol HTTP
pulumi config set tencentcloud:domain @127.0.0.1:${config.apiPort}`;
