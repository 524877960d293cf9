/**
 * A repair: both nodes get their files again although nothing of them has changed. It is asked for by a variable of the
 * environment and not by a key of the configuration, which would stay there and would have to be another one each time.
 */
export const repairVariable = "KEEPALIVED_CLUSTER_REPAIR";

/** What asks for a repair now, and tells it from every other one: the time in UTC. */
export const newRepair = (): string => new Date().toISOString();

/** The repair that this run was asked for, undefined without one. */
export const wantedRepair = (env: NodeJS.ProcessEnv): string | undefined => env[repairVariable] || undefined;
