/** With which keys one logs in on the nodes. */
import type { Report } from "./checks.ts";
import { keysMatch } from "./sshKeys.ts";

export interface LoginInput {
  sshPublicKey?: string | undefined;
  keyPairId?: string | undefined;
  sshPrivateKey?: string | undefined;
  agentSocketPath?: string | undefined;
  bastion?: { host?: string | undefined; privateKey?: string | undefined } | undefined;
}

/**
 * A key that the machines get, by its public half or by its id in the cloud, and its private half or an agent that has it; or
 * nothing of all that: then the stack makes a key of its own. Machines that were there before keep the keys that they have, so
 * the private half of one of those, or an agent, has to be named.
 * @param given whether the user set a key at all; its value is absent where it has a problem of its own.
 */
export function checkLogin(
  input: LoginInput & { onExistingMachines: boolean },
  given: (key: keyof LoginInput) => boolean,
  report: Report,
): void {
  const { sshPublicKey, sshPrivateKey } = input;
  if (given("sshPublicKey") && given("keyPairId")) {
    report("keyPairId", "came together with sshPublicKey; allowed: one of the two");
  }
  if (given("sshPrivateKey") && given("agentSocketPath")) {
    report("agentSocketPath", "came together with sshPrivateKey; allowed: one of the two");
  }
  if (input.onExistingMachines) {
    if (!given("sshPrivateKey") && !given("agentSocketPath")) {
      const allowed =
        "a key that logs in on both machines, set with --secret, or agentSocketPath of an SSH agent that has it";
      report("sshPrivateKey", `is missing; allowed: ${allowed}`);
    }
  } else if (given("sshPublicKey") || given("keyPairId")) {
    const other = given("sshPublicKey") ? "sshPublicKey" : "keyPairId";
    if (!given("sshPrivateKey") && !given("agentSocketPath")) {
      const allowed = `the private half of ${other}, set with --secret, or agentSocketPath of an SSH agent that has it`;
      report("sshPrivateKey", `is missing; allowed: ${allowed}`);
    }
  } else {
    if (input.bastion?.host !== undefined && input.bastion.privateKey === undefined) {
      const allowed =
        "its private key, set with --secret, or a key of yours for all machines: sshPublicKey with sshPrivateKey";
      report(
        "bastion.privateKey",
        `is missing: the bastion does not know the key that the stack makes; allowed: ${allowed}`,
      );
    }
    const what = { sshPrivateKey: "(not shown) ", agentSocketPath: "" };
    for (const key of ["sshPrivateKey", "agentSocketPath"] as const) {
      if (!given(key)) continue;
      const allowed = "sshPublicKey or keyPairId with it, or none of them: then the stack makes a key of its own";
      report(key, `${what[key]}came without a key for the machines; allowed: ${allowed}`);
    }
  }
  if (sshPublicKey && sshPrivateKey && !keysMatch(sshPublicKey, sshPrivateKey)) {
    report("sshPrivateKey", "(not shown) does not belong to sshPublicKey; allowed: the two halves of one key");
  }
}
