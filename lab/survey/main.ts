/**
 * npm run probe-cloud [-- --yes]
 * Asks the real cloud what no document says, and writes the answers as switches that the lab's local cloud can play.
 */
import { existsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { assertWritable, messageOf } from "../../terminal/problem.ts";
import { labCommand } from "../../terminal/typed.ts";
import { labName, readConfig } from "../state.ts";
import { connectTo, type Target } from "./client.ts";
import { Ledger, type Place } from "./ledger.ts";
import { catalogueText, cleanCommand, defaultLedger, nameAndText, planText } from "./plan.ts";
import { isPointName, needsGuest, type PointName, pointNames } from "./points/catalogue.ts";
import { removeAll } from "./remove.ts";
import { askAll, Interrupted } from "./run.ts";
import { Stage } from "./stage.ts";

const usage = `npm run probe-cloud                      what would be asked, made, paid and removed; makes no call
npm run probe-cloud -- --yes             asks, and writes the answers to --out
npm run probe-cloud -- --clean           removes what a former run has left
npm run probe-cloud -- --list            every question: why, how, and the answers that are thought possible
  --target tencent|lab   the real cloud (default), or the one of the running lab (LAB_NAME)
  --only NAME,NAME       some questions only
  --region NAME, --zone NAME, --instance-type NAME   default: TENCENTCLOUD_REGION, and what is cheapest there
  --task-watch SECONDS   how long the id of a finished task is asked for (default 60)
  --out FILE             default probe-answers.json; play it with: npm run lab -- up --behaviour FILE
  --ledger FILE          default ${defaultLedger}
The keys come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY (and TENCENTCLOUD_DOMAIN), as the provider's do.`;

const options = {
  yes: { type: "boolean", default: false },
  clean: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  target: { type: "string", default: "tencent" },
  only: { type: "string" },
  region: { type: "string" },
  zone: { type: "string" },
  "instance-type": { type: "string" },
  "task-watch": { type: "string", default: "60" },
  out: { type: "string", default: "probe-answers.json" },
  ledger: { type: "string", default: defaultLedger },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

function chosenFrom(only: string | undefined): PointName[] {
  if (only === undefined) return pointNames;
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !isPointName(name));
  if (unknown.length > 0)
    throw new Error(`--only: there is no ${unknown.join(", ")}; there are: ${pointNames.join(", ")}`);
  // In the catalogue's order: some have to be last.
  return pointNames.filter((name) => names.includes(name));
}

/** What would fail only after everything was made and paid. */
function check({ target, out, ...values }: Values): void {
  if (target !== "tencent" && target !== "lab") {
    throw new Error(`--target is "${target}"; allowed are tencent and lab.`);
  }
  const watch = values["task-watch"];
  if (!/^\d{1,4}$/.test(watch)) throw new Error(`--task-watch is "${watch}"; allowed are 0 to 9999 seconds.`);
  const folder = dirname(resolve(out));
  if (!existsSync(folder)) throw new Error(`--out is "${out}"; there is no folder ${folder}.`);
}

function placeFrom({ target, region }: Values): Place {
  if (target === "lab") return { target, region: labConfig().region };
  const where = region ?? process.env.TENCENTCLOUD_REGION;
  if (!where) throw new Error("Say where: --region ap-guangzhou, or TENCENTCLOUD_REGION.");
  return { target: "tencent", region: where };
}

function labConfig() {
  const config = readConfig(labName());
  if (!config) throw new Error(`There is no lab. Start its cloud with "${labCommand("cloud")}".`);
  return config;
}

function targetFrom({ target, region }: Place): Target {
  const domain = process.env.TENCENTCLOUD_DOMAIN || "tencentcloudapi.com";
  if (target === "lab") {
    const { apiPort, secretId, secretKey } = labConfig();
    return { region, domain, labPort: apiPort, key: { secretId, secretKey } };
  }
  const { TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_SECURITY_TOKEN } = process.env;
  if (!TENCENTCLOUD_SECRET_ID || !TENCENTCLOUD_SECRET_KEY) {
    throw new Error("The account's keys are missing: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.");
  }
  const key = {
    secretId: TENCENTCLOUD_SECRET_ID,
    secretKey: TENCENTCLOUD_SECRET_KEY,
    token: TENCENTCLOUD_SECURITY_TOKEN,
  };
  return { region, domain, key };
}

const say = (text: string) => console.error(text);
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Sleeps that end with the first signal; the second one is left to end the program. */
function interruptible(): (ms: number) => Promise<void> {
  let interrupt: () => void = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => reject(new Interrupted("interrupted"));
  });
  interrupted.catch(() => {});
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      say(`${signal}: no more questions; removing what was made. A second signal ends at once.`);
      interrupt();
    });
  }
  return (ms) => Promise.race([sleep(ms), interrupted]);
}

async function clean(ledger: Ledger, target: Target): Promise<number> {
  const remover = { call: connectTo(target)(), sleep, now: Date.now, say };
  const stayed = await removeAll(remover, ledger);
  ledger.end();
  for (const text of stayed) say(`still there: ${text}`);
  if (stayed.length > 0) say(`The list is in ${ledger.file}. Try again: ${cleanCommand(ledger.file)}`);
  return stayed.length;
}

async function run(values: Values, chosen: PointName[], place: Place, ledger: Ledger): Promise<number> {
  const target = targetFrom(place);
  const clock = { now: Date.now, sleep: interruptible() };
  ledger.begin(place);
  const stage = new Stage({
    connect: connectTo(target),
    clock,
    ledger,
    region: place.region,
    zone: values.zone,
    instanceType: values["instance-type"],
    taskWatchMs: Number(values["task-watch"]) * 1000,
    say,
  });
  let settled = false;
  try {
    const answers = await askAll(stage, chosen, place);
    writeFileSync(values.out, `${JSON.stringify(answers, null, 2)}\n`);
    const asked = chosen.filter((name) => name in answers.behaviour);
    say(`${asked.length} of ${chosen.length} points settled; answers and reasons in ${values.out}`);
    say("Not to be asked from outside:");
    say(nameAndText(needsGuest.map(({ name, why }) => [name, why])));
    settled = asked.length === chosen.length;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    if ((await clean(ledger, target)) > 0) settled = false;
  }
  return settled ? 0 : 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const chosen = chosenFrom(values.only);
  check(values);
  if (values.list) {
    console.log(catalogueText(chosen));
    return 0;
  }
  const ledger = new Ledger(values.ledger);
  const former = ledger.place();
  if (values.clean) {
    if (former) return (await clean(ledger, targetFrom(former))) === 0 ? 0 : 1;
    say(`There is nothing to remove: ${ledger.file} is not there.`);
    return 0;
  }
  if (!values.yes && values.target !== "lab") {
    const region = values.region ?? process.env.TENCENTCLOUD_REGION;
    console.log(planText(chosen, region ? `Tencent Cloud in ${region}` : "Tencent Cloud", ledger.file));
    return 0;
  }
  if (former) throw new Error(`A former run has left something: ${ledger.file}. First: ${cleanCommand(ledger.file)}`);
  const place = placeFrom(values);
  assertWritable(values.out);
  return run(values, chosen, place, ledger);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
