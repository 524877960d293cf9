import { randomUUID } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** What the stack was made with, as far as a later change has to be judged by it. */
export interface Identity {
  zone: string;
  vpcCidr: string;
  subnetCidr: string;
  vip: string;
  nodeAddressA: string;
  nodeAddressB: string;
}

/** What a running pair can't change in place, with the keys that the user knows. */
const fixed = {
  zone: "zone",
  vpcCidr: "vpcCidr",
  subnetCidr: "subnetCidr",
  vip: "vip",
  nodeAddressA: "nodeAddresses.a",
  nodeAddressB: "nodeAddresses.b",
} as const;

/** One line per value that differs from what the stack was made with. */
function problemsOf(made: Identity, wanted: Identity): string[] {
  return (Object.keys(fixed) as (keyof typeof fixed)[])
    .filter((field) => made[field] !== undefined && made[field] !== wanted[field])
    .map(
      (field) => `${fixed[field]}: "${wanted[field]}" can't be applied to the running stack; allowed: "${made[field]}"`,
    );
}

/**
 * Holds what is wanted against what the stack was made with, and tells whether this run is the one that makes it.
 *
 * The nodes move the VIP, so the ENIs' addresses are in ignoreChanges, and there a changed VIP would be ignored in silence.
 * What the stack was made with is therefore kept in a Stash: the engine itself returns a Stash's first value for as long as
 * the stack lives, without a provider and in previews too (pulumi/pulumi pkg/resource/deploy/builtins.go; engines from
 * 3.208). Why not otherwise: a StackReference to the own stack has no outputs after an update that failed half-way; a hook
 * on the ENI's update never fires, since the change is ignored, and one elsewhere fires while other resources are already
 * under way; the addresses of the ENIs in the cloud don't tell who put them there.
 *
 * Await it before anything else is made: then a refusal is one message, and nothing has been created or changed.
 * @throws RunError when something differs that a running pair can't change.
 */
export async function checkIdentity(name: string, wanted: Identity): Promise<{ firstRun: boolean }> {
  const input = { ...wanted, run: randomUUID() };
  // ignoreChanges: a refused change would otherwise be written to the state, as the stash's newest input.
  const stash = new pulumi.Stash(name, { input }, { ignoreChanges: ["input"] });
  const made = (await settled(stash.output)) ?? input;
  const problems = problemsOf(made, wanted);
  if (problems.length > 0) throw new pulumi.RunError(refusal(problems));
  return { firstRun: made.run === input.run };
}

/** The output's value, undefined where a preview does not know it. isSecret settles in either case, apply does not. */
const settled = <T>(output: pulumi.Output<T | undefined>): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    output.apply(resolve);
    pulumi.isSecret(output).then(() => setImmediate(resolve, undefined), reject);
  });

const refusal = (problems: string[]): string =>
  `The running stack was made with other addresses; nothing was changed.\n${problems.map((text) => `  ${text}`).join("\n")}\n` +
  "Set the old value again, or make a second stack with the new one, or take this one down first: " +
  "pulumi destroy --refresh, then pulumi up";
