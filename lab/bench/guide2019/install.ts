/** Puts the guide's scripts onto the lab's nodes in place of ours. One way: the lab is thrown away afterwards. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchPair, nodeNames } from "../pair.ts";

const files: [string, string][] = [
  ["keepalived.conf", "644"],
  ["notify_action.sh", "744"],
  ["check_self.sh", "744"],
  ["vip.py", "700"],
];

/** The second NIC stays as our unit set it up: without its source rules the guide's VIP would have no data path at all. */
const takeOver = `set -e
systemctl disable --now keepalived-vip.service
systemctl stop keepalived.service
rm -rf /etc/systemd/system/keepalived.service.d /etc/keepalived/keepalived_vip
systemctl daemon-reload
systemctl enable keepalived.service
systemctl start keepalived.service
echo started
`;

/**
 * @param key the account's own, as in the guide. The role's short-lived ones would cost each of its processes a question
 *   to the metadata service more: the baseline gets the faster way.
 */
export async function installGuide(pair: BenchPair, key: { secretId: string; secretKey: string }): Promise<void> {
  for (const node of nodeNames) {
    const own = JSON.parse(await pair.exec(node, ["cat", "/etc/keepalived/vip.json"])) as Record<string, string>;
    const values: Record<string, string | undefined> = {
      INTERFACE: own.interface,
      ADDRESS: own.address,
      PEER_ADDRESS: own.peerAddress,
      VIP: own.vip,
      ENI: own.eniId,
      PEER_ENI: own.peerEniId,
      REGION: own.region,
      SECRET_ID: key.secretId,
      SECRET_KEY: key.secretKey,
    };
    for (const [file, mode] of files) {
      const text = readFileSync(join(import.meta.dirname, file), "utf8").replaceAll(
        /@([A-Z_]+)@/g,
        (_, name: string) => {
          const value = values[name];
          if (value === undefined) throw new Error(`${file} wants ${name}, and vip.json has none`);
          return value;
        },
      );
      const write = ["sh", "-c", 'umask 077; cat >"$1" && chmod "$2" "$1"', "sh", `/etc/keepalived/${file}`, mode];
      await pair.exec(node, write, text);
    }
  }
  const started = await Promise.all(nodeNames.map((node) => pair.exec(node, ["sh", "-s"], takeOver)));
  if (!started.every((text) => text.trim().endsWith("started"))) {
    throw new Error(`the guide's files could not be put in force: ${JSON.stringify(started)}`);
  }
}
