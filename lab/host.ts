/** What the lab needs of the machine that it runs on. */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Debian packages of the lab: the network, the machines and the clients that knock on the VIP. */
export const labPackages = [
  "apt-utils",
  "conntrack",
  "curl",
  "iproute2",
  "iputils-ping",
  "mmdebstrap",
  "nftables",
  "openssh-client",
  "openssl",
  "procps",
  "systemd-container",
  "util-linux",
];

/** Debian packages of `npm run check`; ruff comes by pip, which not every Debian has. */
export const checkPackages = (): string[] => [
  "shellcheck",
  ...(spawnSync("python3", ["-m", "pip", "--version"]).status === 0 ? [] : ["python3-pip"]),
];

/** Debian packages that look at a page as a reader's browser does. */
export const browserPackages = ["chromium", "fonts-liberation"];

/** Why this machine can't run the lab, as one sentence; null when it can. */
export function hostProblem(): string | null {
  if (process.platform !== "linux") return `it needs Linux with Debian's packages, and this is ${process.platform}.`;
  let release = "";
  try {
    release = readFileSync("/etc/os-release", "utf8");
  } catch {
    return "it needs Debian 12 or newer, and this system has no /etc/os-release.";
  }
  if (!/^ID=debian$/m.test(release)) {
    return `it needs Debian 12 or newer, and this is ${/^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? "another system"}.`;
  }
  if (process.getuid?.() !== 0) return "it needs root, to make network namespaces and machines; run it with sudo.";
  return null;
}

/** Installs the Debian packages that are missing, showing what it does. Nothing missing: no output, no apt call. */
export async function ensureHostPackages(packages: string[]): Promise<void> {
  const missing = packages.filter((name) => {
    const query = spawnSync("dpkg", ["-s", name], { encoding: "utf8" });
    return query.status !== 0 || !query.stdout.includes("Status: install ok installed");
  });
  if (missing.length === 0) return;
  console.log(`Installing Debian packages: ${missing.join(", ")} ...`);
  const install = ["install", "-y", "--no-install-recommends", "-q", ...missing];
  // The package lists of a fresh machine are empty or old; asking first and updating only then saves the usual case.
  if ((await apt(install)) === 0) return;
  await apt(["update", "-q"]);
  if ((await apt(install)) !== 0) {
    throw new Error(
      `apt-get could not install ${missing.join(", ")}. Its last lines are above; when they are mended, run the command again.`,
    );
  }
}

/** apt-get without questions and without starting the services that it installs; output only when it fails. */
function apt(args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("apt-get", args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    });
    let text = "";
    const keep = (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) process.stderr.write(`${text.split("\n").slice(-8).join("\n")}\n`);
      resolve(code ?? 1);
    });
  });
}
