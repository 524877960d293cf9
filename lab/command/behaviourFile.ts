/** Answers of the real cloud from a file, played by the lab's own. */
import { readFileSync } from "node:fs";
import { isSystems, messageOf } from "../../terminal/problem.ts";
import { type Behaviour, readBehaviour } from "../cloud/account/behaviour/switches.ts";

/** Reads `--behaviour FILE` or LAB_BEHAVIOUR; undefined when neither is given. */
export function behaviourFrom(file = process.env.LAB_BEHAVIOUR): Partial<Behaviour> | undefined {
  if (!file) return undefined;
  try {
    return readBehaviour(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (isSystems(error)) throw new Error(messageOf(error, file));
    throw new Error(`${file} holds no behaviour switches: ${messageOf(error)}`);
  }
}
