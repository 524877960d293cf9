/** `npm run lab`: the commands of the lab. Each reads as what it does; the work is in the files and folders beside it. */
import { spawn } from "node:child_process";
import { globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { newRepair, repairVariable } from "../config/repair.ts";
import { haCommand, hintsName, labCommand } from "../terminal/typed.ts";
import { behaviourFrom } from "./command/behaviourFile.ts";
import { cloudHelp } from "./command/cloudHelp.ts";
import { type CommandName, readOptions } from "./command/options.ts";
import { runCommand } from "./command/run.ts";
import { complete, keyPair, namesIn, readSettings, withSets, writeSettings } from "./command/settings.ts";
import { ask } from "./control.ts";
import {
  checkSettings,
  destroyProgram,
  type EngineName,
  realCommand,
  requireRealEngine,
  upProgram,
} from "./engine/engine.ts";
import { faultNames } from "./faults.ts";
import { ensureHostPackages, hostProblem, labPackages } from "./host.ts";
import { ensureLab, removeLab } from "./lifecycle.ts";
import { monitor } from "./monitor/command.ts";
import { writeHaTarget } from "./pair/haTarget.ts";
import { type ClientKind, clientArgv, collect, pairsOf, waitWhole } from "./pair/inspect.ts";
import { screen } from "./pair/status.ts";
import { asRoot, sshArgs } from "./ssh/login.ts";
import { type LabConfig, type LabPaths, labName, labPaths, readConfig } from "./state.ts";
import { compareWorld, showWorld } from "./world/command.ts";
import { jumpOf } from "./world/record.ts";

const usage = `npm run lab                              a highly available pair in a local Tencent Cloud (same as: up)
npm run lab -- up [--engine auto|pulumi|inline] [--set key=value ...] [--behaviour FILE] [--repair]
                                           [--profile existing|private|machines]: into what "world" has made
npm run lab -- status [--json]             what is where; exit 0 converged, 1 not
npm run lab -- client vpc|internet <cmd>   run a command as a client of the VIP
npm run lab -- fail a|b --how <fault>      ${faultNames().join(", ")}
npm run lab -- heal                        undo every fault
npm run lab -- ssh a|b [command ...]
npm run lab -- monitor [--faster N]        Prometheus with the project's rules, until Ctrl-C; N: what they wait for, so much shorter
npm run lab -- cloud                       only the cloud and its network; prints what your own "pulumi up" needs
npm run lab -- world [--compare]           a network, machines and an EIP as a user has them; --compare: what differs from then
npm run lab -- pulumi <args ...>           the Pulumi CLI on the lab's stack: preview, config, state ...; the next up keeps its config
npm run lab -- journal [--json|--left]     every call that the cloud got; --left: what is still there of it
npm run lab -- destroy                     remove what the program made; the cloud stays
npm run lab -- down [--purge]              remove everything; --purge also the cached node image
--pair NAME, for status, fail, heal and monitor: where several stacks of yours are in the lab's cloud, the pair of this name.
--repair: both nodes get their files again, though none of them has changed; the inline engine looks at nothing else.
LAB_NAME=<name> chooses another lab (default: lab). --behaviour FILE, also for cloud, or LAB_BEHAVIOUR=FILE: the local
cloud answers open points as FILE says, which "npm run probe-cloud" writes.`;

const project = join(import.meta.dirname, "..");
let name = "";
let paths: LabPaths;
const [command = "up", ...rest] = process.argv.slice(2);

function nodeOf(argument: string | undefined): "a" | "b" {
  if (argument === "a" || argument === "b") return argument;
  throw new Error(`"${argument ?? ""}" is no node; the nodes are a and b.`);
}

function theLab(): LabConfig {
  const config = readConfig(name);
  if (!config) throw new Error(`There is no lab named "${name}". Make one with: ${labCommand()}`);
  return config;
}

async function thePair(wanted?: string) {
  const pairs = await pairsOf(name);
  const pair = wanted ? pairs.find((item) => item.pair === wanted) : pairs[0];
  if (!pair) {
    throw new Error(
      wanted
        ? `There is no pair named "${wanted}"; there are: ${pairs.map((item) => item.pair).join(", ") || "none"}.`
        : `The local cloud runs, but no pair is in it. Make one with "${labCommand()}", or with your own "pulumi up".`,
    );
  }
  return pair;
}

async function up(args: string[]): Promise<number> {
  const { engine, set, behaviour, profile, repair } = readOptions("up", args);
  const answers = behaviourFrom(behaviour);
  if (!["auto", "pulumi", "inline"].includes(engine)) {
    throw new Error(`--engine is "${engine}"; allowed are auto, pulumi and inline.`);
  }
  if (engine === "pulumi") requireRealEngine();
  const settings = withSets({ ...readSettings(name), ...(profile !== undefined && { profile }) }, set);
  await ensureHostPackages(labPackages);
  await checkSettings(name, settings);
  const config = await ensureLab(name, settings.imageName);
  if (answers) await ask(paths.control, "behave", answers);
  if (repair) process.env[repairVariable] = newRepair();
  const result = await upProgram(engine as EngineName, config, settings, namesIn(set));
  // Kept only now: after a refusal or a failure half-way the plain command goes back to what was in force.
  writeSettings(name, settings);
  // A stack that is set up here, or named in the environment, would come first.
  const comesFirst = process.env.PULUMI_STACK !== undefined || globSync(join(project, "Pulumi.*.yaml")).length > 0;
  hintsName({ lab: name === "lab" && !comesFirst ? undefined : name });
  const status = await waitWhole(name, result.engine, 60_000);
  await writeHaTarget(name, status);
  const vip = status.vips[0];
  const publicIp = vip?.publicIp;
  console.log(
    `\n${screen(status, [
      labCommand(`client vpc curl -s http://${vip?.address}/`),
      ...(publicIp ? [labCommand(`client internet curl -s http://${publicIp}/`)] : []),
      labCommand(`fail ${status.nodes.find(({ state }) => state === "MASTER")?.name ?? "a"} --how power`),
      haCommand("status"),
      haCommand("switchover"),
      labCommand("down"),
    ])}`,
  );
  if (result.changes === 0) console.log("\nNothing had to change.");
  return status.converged ? 0 : 1;
}

const commands: Record<CommandName, (args: string[]) => Promise<number>> = {
  up,

  status: async (args) => {
    const { json, pair } = readOptions("status", args);
    const status = await collect(name, await thePair(pair));
    console.log(json ? JSON.stringify(status, null, 2) : screen(status, []));
    return status.converged ? 0 : 1;
  },

  client: async ([kind, ...argv]) => {
    if ((kind !== "vpc" && kind !== "internet") || argv.length === 0) {
      throw new Error("Usage: npm run lab -- client vpc|internet <command ...>");
    }
    const [file = "", ...args] = await clientArgv(name, kind satisfies ClientKind, argv);
    return passOn(file, args);
  },

  ssh: async ([node, ...argv]) => {
    const pair = await thePair();
    const { publicIp, sshHost: host, sshUser: user } = pair.nodes[nodeOf(node)];
    const jump = publicIp === "" ? (jumpOf(name) ?? undefined) : undefined;
    return passOn("ssh", await sshArgs({ keyFile: paths.sshKey, user, host, jump }, asRoot(user, argv)));
  },

  fail: async (args) => {
    const { how, positionals, pair } = readOptions("fail", args, 1);
    const node = nodeOf(positionals[0]);
    if (!how || !faultNames().includes(how)) {
      throw new Error(`--how is "${how ?? ""}"; allowed are ${faultNames().join(", ")}.`);
    }
    await ask(paths.control, "fail", { node, how, pair: (await thePair(pair)).pair });
    console.log(`${node}: ${how}. See what happens with: ${labCommand("status")}`);
    return 0;
  },

  heal: async (args) => {
    const pair = await thePair(readOptions("heal", args).pair);
    await ask(paths.control, "heal", { pair: pair.pair });
    const status = await waitWhole(name, undefined, 90_000, pair.pair);
    console.log(screen(status, []));
    return status.converged ? 0 : 1;
  },

  monitor: async (args) => {
    const { faster, pair } = readOptions("monitor", args);
    const times = Number(faster);
    if (!(times >= 1)) throw new Error(`--faster is "${faster}"; allowed are numbers from 1 on.`);
    const ports: string[] = complete(name, readSettings(name)).servicePorts?.match(/[\w/]+/g) ?? [];
    if (!ports.includes("9100")) {
      console.log("Opening port 9100 of node_exporter to who may use the service ...");
      const code = await up(["--set", `servicePorts=${[...ports, "9100"].join(",")}`]);
      if (code !== 0) return code;
    }
    return monitor(name, await thePair(pair), times);
  },

  cloud: async (args) => {
    const answers = behaviourFrom(readOptions("cloud", args).behaviour);
    await ensureHostPackages(labPackages);
    const config = await ensureLab(name);
    if (answers) await ask(paths.control, "behave", answers);
    keyPair(name);
    console.log(cloudHelp(config, paths));
    return 0;
  },

  world: async (args) => {
    const { compare } = readOptions("world", args);
    if (compare) {
      const changes = await compareWorld(theLab());
      console.log(changes.join("\n") || "The world is what it was when it was made.");
      return changes.length === 0 ? 0 : 1;
    }
    await ensureHostPackages(labPackages);
    await showWorld(await ensureLab(name));
    return 0;
  },

  pulumi: async (argv) => {
    const config = readConfig(name);
    if (!config) throw new Error(`There is no lab named "${name}"; make one with "${labCommand("cloud")}".`);
    const { file, args, options } = await realCommand(config, readSettings(name), argv);
    return passOn(file, args, options);
  },

  journal: async (args) => {
    const { json, left } = readOptions("journal", args);
    if (left) {
      console.log(JSON.stringify(await ask(paths.control, "left"), null, 2));
      return 0;
    }
    const entries = await ask<JournalLine[]>(paths.control, "journal");
    if (json) console.log(JSON.stringify(entries, null, 1));
    else for (const e of entries) console.log(`${e.at} ${e.caller} ${e.service}.${e.action} ${e.result}`);
    return 0;
  },

  destroy: async (args) => {
    readOptions("destroy", args);
    const config = theLab();
    await ask(paths.control, "ping");
    await destroyProgram(config);
    rmSync(paths.haTarget, { force: true });
    return 0;
  },

  down: async (args) => {
    await removeLab(name, { purge: readOptions("down", args).purge });
    return 0;
  },
};

interface JournalLine {
  at: string;
  caller: string;
  service: string;
  action: string;
  result: string;
}

/** Runs a command with this terminal; its exit code is ours. A Ctrl-C is for the command alone. */
function passOn(
  file: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  process.on("SIGINT", () => {});
  const child = spawn(file, args, { stdio: "inherit", ...options });
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new Error(`There is no command "${file}" on this machine.`) : error),
    );
    child.on("close", (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  if (command === "help" || process.argv.includes("--help")) {
    console.log(usage);
    return 0;
  }
  // Options before a command belong to `up`: `npm run lab -- --set publicIp=true`.
  const [verb, args] = command.startsWith("--") ? ["up", [command, ...rest]] : [command, rest];
  if (!Object.hasOwn(commands, verb)) throw new Error(`There is no command "${verb}".\n\n${usage}`);
  // A user's own may be stricter: the machines' programs could not read their own disks. What is secret is closed by itself.
  process.umask(0o022);
  name = labName();
  paths = labPaths(name);
  const problem = hostProblem();
  if (problem) throw new Error(`The lab can't run here: ${problem}`);
  return commands[verb as CommandName](args);
}

await runCommand(main);
