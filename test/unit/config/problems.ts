import assert from "node:assert/strict";
import { type ParseOptions, parseSettings, SettingsError } from "../../../config/settings.ts";
import { least } from "../given.ts";

/** The problems of a configuration, [] when it is good. */
export function problemsOf(changes: Record<string, string>, options: ParseOptions = {}): string[] {
  try {
    parseSettings({ ...least, ...changes }, options);
    return [];
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.problems;
  }
}
/** Settings that take these away. */
export const without = (...names: string[]) => Object.fromEntries(names.map((name) => [name, ""]));
