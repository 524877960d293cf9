/** How long names and descriptions may be. */
import { malformed, tooLong } from "../account/api/errors.ts";

/** A name of VPC's kinds of resources has 1 to 60 bytes: the text of some actions says characters, of most bytes. */
export function checkName(parameter: string, name: string): void {
  if (name.length < 1) throw malformed(parameter, name, "it must have 1 to 60 bytes");
  if (Buffer.byteLength(name) > 60) throw tooLong(parameter, "60 bytes");
}

/** Refuses a quality of service that there is none of. */
export function checkQos(level: string | undefined): string | undefined {
  const levels = ["PT", "AU", "AG", "DEFAULT"];
  if (level !== undefined && !levels.includes(level)) throw malformed("QosLevel", level, levels.join(", "));
  return level;
}

/** Refuses a text of more than so many characters. */
export function checkLength(parameter: string, text: string | undefined, most: number): void {
  if ((text ?? "").length > most) throw tooLong(parameter, `${most} characters`);
}
