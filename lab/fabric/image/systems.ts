/** What a machine of the lab can be: a release of Debian, or another system's ways on Debian's packages. */
import type { NetworkView, PortView } from "../../dataplane.ts";
import type { Suite } from "./aptSources.ts";
import { enterpriseLinuxLike } from "./enterpriseLinuxLike.ts";
import { netplanEth0, networkdEth0, networkManagerEth0 } from "./eth0.ts";
import type { ImageFile, Layer } from "./imageFiles.ts";
import { ubuntuLike } from "./ubuntuLike.ts";

export interface System {
  name: string;
  suite: Suite;
  /** The account that the cloud gives the SSH keys to. */
  user: string;
  /** Null for Debian itself. */
  layer: Layer | null;
  /** The file that sets up the first NIC, as the cloud's own image has it. */
  eth0(view: NetworkView, port: PortView): ImageFile;
}

const debian = (suite: Suite): System => ({ name: suite, suite, user: "root", layer: null, eth0: networkdEth0 });

export const bullseye = debian("bullseye");
export const bookworm = debian("bookworm");
export const trixie = debian("trixie");
export const ubuntu: System = {
  name: "ubuntu-like",
  suite: "bookworm",
  user: "ubuntu",
  layer: ubuntuLike,
  eth0: netplanEth0,
};

/** Debian 11 has the keepalived of Enterprise Linux 8 (2.1.5), Debian 12 nearly that of 9 (2.2.7 for 2.2.8). */
const enterpriseLinux = (version: 8 | 9): System => ({
  name: `el${version}-like`,
  suite: version === 8 ? "bullseye" : "bookworm",
  user: "root",
  layer: enterpriseLinuxLike,
  eth0: networkManagerEth0,
});
export const el8 = enterpriseLinux(8);
export const el9 = enterpriseLinux(9);

export const systems = [bullseye, bookworm, trixie, ubuntu, el8, el9];

const byImageName: [RegExp, System][] = [
  [/^Debian 11/, bullseye],
  [/^Debian 12/, bookworm],
  [/^Debian 13/, trixie],
  [/^Ubuntu/, ubuntu],
  [/^(TencentOS Server 3|OpenCloudOS Server 8|(Rocky|AlmaLinux|CentOS)( Linux| Stream)? 8)/, el8],
  [/^(TencentOS Server 4|OpenCloudOS Server 9|(Rocky|AlmaLinux|CentOS)( Linux| Stream)? 9)/, el9],
];

/** The system that plays an image of the cloud; it takes any part of the name that a user may give, down to `Debian 12`. */
export function systemOf(imageName: string): System {
  const found = byImageName.find(([name]) => name.test(imageName));
  if (found) return found[1];
  throw new Error(
    `the lab has no machine of "${imageName}"; it has Debian 11, 12 and 13, and on Debian the ways of Ubuntu and of Enterprise Linux 8 and 9`,
  );
}
