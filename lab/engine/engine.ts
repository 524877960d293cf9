/** Runs the program against the lab: with the real Pulumi CLI where there is one, else with the stand-in. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { labCommand } from "../../terminal/typed.ts";
import { complete, type Settings, secrets } from "../command/settings.ts";
import { type LabConfig, labPaths, labRegion } from "../state.ts";
import { findRealEngine, type RealEngine } from "./cli.ts";
import { withoutForeign } from "./environment.ts";
import { destroyPulumi, hasPulumiStack, initPulumi, pulumiCommand, upPulumi } from "./pulumi.ts";

export type EngineName = "auto" | "pulumi" | "inline";

export interface EngineResult {
  engine: "pulumi" | "inline";
  /** Resources created, changed and deleted. */
  changes: number;
}

/** A copy of the project may have another name. */
const project = (parse(readFileSync(join(import.meta.dirname, "../../Pulumi.yaml"), "utf8")) as { name: string }).name;

/** Refuses bad settings, before the lab takes the minutes that a node image may need. @throws SettingsError */
export async function checkSettings(lab: string, settings: Settings): Promise<void> {
  const { parseSettings } = await import("../../config/settings.ts");
  parseSettings({ ...complete(lab, settings), "tencentcloud:region": labRegion });
}

/**
 * Applies the program, which refuses bad settings by itself; checkSettings does so earlier.
 * @param named settings that this command was told: they count before what `pulumi config` changed
 */
export async function upProgram(
  wanted: EngineName,
  config: LabConfig,
  settings: Settings,
  named: string[] = [],
): Promise<EngineResult> {
  const real = chooseEngine(wanted, config.name);
  const full = complete(config.name, settings);
  console.log(`Running the program (${real ? `Pulumi ${real.version}` : "inline engine"}) ...`);
  if (real) return { engine: "pulumi", changes: await upPulumi(config, real, project, full, named) };
  const text = await runInline("up", config, full);
  const [created = 0, changed = 0, deleted = 0] =
    /(\d+) created, (\d+) changed, (\d+) deleted/.exec(text)?.slice(1).map(Number) ?? [];
  return { engine: "inline", changes: created + changed + deleted };
}

/** The engine that made the stack goes on with it; for a new one `auto` takes the real engine where all of it is here. */
export function chooseEngine(wanted: EngineName, lab: string): RealEngine | null {
  const made = existsSync(labPaths(lab).inlineState) ? "inline" : hasPulumiStack(lab) ? "pulumi" : null;
  if (wanted !== "auto" && made !== null && made !== wanted) {
    throw new Error(
      `The engine "${made}" made what is in this lab; "${labCommand("destroy")}" first, then up --engine ${wanted}.`,
    );
  }
  const choice = wanted === "auto" ? made : wanted;
  if (choice === "inline") return null;
  if (choice === "pulumi") return requireRealEngine();
  const { engine, missing } = findRealEngine();
  if (missing.length === 0) return engine;
  console.log(`The real engine can't run here, so the inline engine stands in. Missing:\n${asList(missing)}`);
  return null;
}

const asList = (missing: string[]): string => missing.map((text) => `  ${text}`).join("\n");

/** The real engine, or an error that names all that is missing of it and how to get it. */
export function requireRealEngine(): RealEngine {
  const { engine, missing } = findRealEngine();
  if (engine === null || missing.length > 0) {
    throw new Error(`The real engine can't run here. Missing:\n${asList(missing)}`);
  }
  return engine;
}

/** The command line of a Pulumi CLI call on the lab's stack, which is made if there is none. */
export async function realCommand(
  config: LabConfig,
  settings: Settings,
  args: string[],
): Promise<ReturnType<typeof pulumiCommand>> {
  const engine = requireRealEngine();
  if (!hasPulumiStack(config.name)) {
    chooseEngine("pulumi", config.name);
    await initPulumi(config, engine, project, complete(config.name, settings));
  }
  return pulumiCommand(config, engine, args);
}

/** Removes what the program made; what a `pulumi up` of the user's own made is left to `pulumi destroy`. */
export async function destroyProgram(config: LabConfig): Promise<void> {
  if (hasPulumiStack(config.name)) {
    return destroyPulumi(config, requireRealEngine());
  }
  if (!existsSync(labPaths(config.name).inlineState)) {
    console.log(
      "The lab's engines have made nothing here. What a pulumi up of your own made goes with: pulumi destroy --refresh",
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
        ...withoutForeign(),
        LAB_NAME: config.name,
        PULUMI_CONFIG: JSON.stringify({ ...pulumiConfig, "tencentcloud:region": config.region }),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(Object.keys(secrets).map((key) => `${project}:${key}`)),
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
