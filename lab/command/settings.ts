/** The configuration of the lab's own stack: what `pulumi config` would hold, with values that fit the local cloud. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withPath } from "../../config/path.ts";
import { type KeyPair, keyPairIn } from "../ssh/keys.ts";
import { labPaths } from "../state.ts";
import { profileSettings } from "../world/profiles.ts";

/**
 * Keys of the project's namespace, values as Pulumi keeps them: text, objects and lists as JSON. One key is the lab's own:
 * `profile`, by which the pair is built into the lab's world.
 */
export type Settings = Record<string, string>;

/**
 * Keys whose values are secret, null as a whole, else in the part of that name. Written out: the schema's library would be
 * loaded by every command of the lab.
 */
export const secrets: Record<string, string | null> = {
  sshPrivateKey: null,
  bastion: "privateKey",
  notifyUrl: null,
  notifySecret: null,
};

/** The lab's stack logs in with a key of its own, made once. */
export const keyPair = (name: string): KeyPair => keyPairIn(labPaths(name).sshKey, `lab-${name}`);

/**
 * What the lab adds to the user's choices: its own defaults, or those of the profile by which the pair is built into the
 * lab's world. The keys are read from their files each time: they are stored nowhere else.
 */
export function complete(name: string, { profile, ...chosen }: Settings): Settings {
  return { ...(profile === undefined ? defaults(name, chosen) : profileSettings(name, profile)), ...chosen };
}

/** Of a pair in a network of its own. */
function defaults(name: string, chosen: Settings): Settings {
  const { publicKey, privateKey } = keyPair(name);
  return {
    zone: "ap-guangzhou-3",
    sshCidrs: JSON.stringify(["198.18.0.0/15"]),
    sshPrivateKey: privateKey,
    servicePorts: JSON.stringify([80]),
    serviceCidrs: JSON.stringify(["0.0.0.0/0"]),
    // Machines that are there already take a key and serve.
    ...(!chosen.instanceIds && {
      sshPublicKey: publicKey,
      userDataFile: join(import.meta.dirname, "..", "user-data.sh"),
    }),
  };
}

export function readSettings(name: string): Settings {
  const file = labPaths(name).settings;
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Settings) : {};
}

export function writeSettings(name: string, settings: Settings): void {
  writeFileSync(labPaths(name).settings, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}

/** `--set key=value`, with the paths that `pulumi config set --path` takes. */
export function withSets(settings: Settings, sets: string[]): Settings {
  return sets.reduce((all, set) => {
    const at = set.indexOf("=");
    if (at < 1) throw new Error(`--set ${set}: expected key=value, for example --set mode=standing-master`);
    return withPath(all, set.slice(0, at), set.slice(at + 1));
  }, settings);
}

/** The keys that these name. */
export const namesIn = (sets: string[]): string[] => sets.map((set) => /^[^.[=]*/.exec(set)?.[0] ?? "");
