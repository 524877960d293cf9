import * as pulumi from "@pulumi/pulumi";
export interface Problem {
  key: string;
  /** What came and what is allowed. */
  text: string;
}

/** Refuses to go on: one message with a line for each problem. Nothing when there is none. @throws RunError */
export function refuse(problems: Problem[]): void {
  if (problems.length === 0) return;
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map(({ key, text }) => `  ${key}: ${text}`).join("\n");
  throw new pulumi.RunError(
    `The configuration has ${count} with what is there; nothing was changed.\n${lines}\n` +
      "Change a key with: pulumi config set <key> <value>",
  );
}
