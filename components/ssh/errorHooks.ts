/** Whether the engine tells the program of a command's error and asks whether to try again: it does since 3.244. */
import * as pulumi from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state.js";

/** Told to the SDK alone, which takes no hook where the engine can't; its own question is not public. Never under mocks. */
export function hasErrorHooks(): boolean {
  const { getStore } = state as { getStore?: () => { supportsErrorHooks?: boolean } };
  const monitor = pulumi.runtime.getMonitor();
  return monitor !== undefined && "registerErrorHook" in monitor && getStore?.().supportsErrorHooks === true;
}
