/** In whose name the nodes are asked. */
import { hostname, userInfo } from "node:os";
import { quoted } from "../../../terminal/shell.ts";

function user(): string {
  if (process.env.SUDO_USER) return process.env.SUDO_USER;
  try {
    return userInfo().username;
  } catch {
    // A container's user may have a number and no name.
    return `user ${process.getuid?.()}`;
  }
}

export const vip = "/etc/keepalived/vip.py";

/** A command of a node's vip.py in the name of whoever sits here, for its log and the history: operator/asker.py. */
export const asked = (command: string): string =>
  `KEEPALIVED_VIP_ASKED_BY=${quoted(`${user()}@${hostname()}`)} ${vip} ${command}`;
