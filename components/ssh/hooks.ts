/** Which hooks the engine takes from a program: of a command's error since 3.244, of a resource that is made since 3.182. */
import * as pulumi from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state.js";

interface Store {
  supportsErrorHooks?: boolean;
  supportsResourceHooks?: boolean;
}

/** Told to the SDK alone, which takes no hook where the engine can't; its own question is not public. Never under mocks. */
function has(call: string, feature: keyof Store): boolean {
  const { getStore } = state as { getStore?: () => Store };
  const monitor = pulumi.runtime.getMonitor();
  return monitor !== undefined && call in monitor && getStore?.()[feature] === true;
}

/** Whether the engine tells the program of a command's error, and asks whether to try again. */
export const hasErrorHooks = (): boolean => has("registerErrorHook", "supportsErrorHooks");

/** Whether the engine tells the program, in a preview too, that a resource is about to be made. */
export const hasResourceHooks = (): boolean => has("registerResourceHook", "supportsResourceHooks");
