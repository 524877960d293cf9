/** Runs the program against the lab: with the real Pulumi CLI where there is one, else with the stand-in. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { complete, type Settings } from "../settings.ts";
import { type LabConfig, labPaths } from "../state.ts";

export type EngineName = "auto" | "pulumi" | "inline";

export interface EngineResult {
  engine: "pulumi" | "inline";
  /** Resources created, changed and deleted. */
  changes: number;
}

const project = "keepalived-cluster";

/** Applies the program. Bad settings are refused before anything is made. */
export async function upProgram(wanted: EngineName, config: LabConfig, settings: Settings): Promise<EngineResult> {
  if (wanted === "pulumi") {
    throw new Error(
      'This lab drives only its inline engine so far. For the real one: "npm run lab -- cloud" prints what a "pulumi up" needs.',
    );
  }
  console.log("Running the program (inline engine) ...");
  const full = complete(config.name, settings);
  const { parseSettings } = await import("../../config.ts");
  parseSettings({ ...full, "tencentcloud:region": config.region });
  const text = await runInline("up", config, full);
  const [created = 0, changed = 0, deleted = 0] =
    /(\d+) created, (\d+) changed, (\d+) deleted/.exec(text)?.slice(1).map(Number) ?? [];
  return { engine: "inline", changes: created + changed + deleted };
}

/** Removes what the inline engine made; what a `pulumi up` of the user's own made is left to `pulumi destroy`. */
export async function destroyProgram(config: LabConfig): Promise<void> {
  if (!existsSync(labPaths(config.name).inlineState)) {
    console.log(
      "The inline engine has made nothing here. What a pulumi up of your own made goes with: pulumi destroy --refresh",
    );
    return;
  }
  await runInline("destroy", config, {});
}

/** Where one stack of the inline engine keeps its record, and the key that it logs in with. */
export interface StackPlace {
  stack: string;
  stateFile: string;
  sshKeyFile: string;
}

function placeOf(name: string): StackPlace {
  const { inlineState, sshKey } = labPaths(name);
  return { stack: name, stateFile: inlineState, sshKeyFile: sshKey };
}

/** A process of its own: the mock runtime is global state, and index.ts runs once per process. */
export function runInline(
  verb: "up" | "destroy",
  config: LabConfig,
  settings: Settings,
  place = placeOf(config.name),
): Promise<string> {
  const pulumiConfig = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${project}:${key}`, value]));
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", `${import.meta.dirname}/inline.ts`, verb],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        LAB_NAME: config.name,
        PULUMI_CONFIG: JSON.stringify({ ...pulumiConfig, "tencentcloud:region": config.region }),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify([`${project}:sshPrivateKey`, `${project}:notifyUrl`]),
        INLINE_ENGINE: JSON.stringify({
          project,
          ...place,
          port: config.apiPort,
          secretId: config.secretId,
          secretKey: config.secretKey,
          region: config.region,
        }),
      },
    },
  );
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk;
    process.stdout.write(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(text);
      else
        reject(
          new Error(
            "The program did not end well; see above. Mend it and run the command again: it goes on from here.",
          ),
        );
    });
  });
}
