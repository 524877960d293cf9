/**
 * The program as the tests of this folder run it, for every resource with its exact inputs and options. That the engine and
 * the provider act on them as meant is not shown here; docs/real-engine.md tells what was.
 */
import assert from "node:assert/strict";
import { type Given, type Options, type Recorded, type Run, runProgram } from "../../support/mocks.ts";
import { least } from "../given.ts";

export const getEnis = "tencentcloud:index/getEnis:getEnis";
export const getImages = "tencentcloud:index/getImages:getImages";
export const getInstances = "tencentcloud:index/getInstances:getInstances";
export const getInstanceTypes = "tencentcloud:index/getInstanceTypes:getInstanceTypes";

/** A type on sale. */
export const offer = (instanceType: string, more: Record<string, unknown> = {}) => {
  return { instanceType, status: "SELL", statusCategory: "EnoughStock", cpuCoreCount: 2, memorySize: 2, ...more };
};

/** What the data sources answer where all is as it should be: no ENI yet, everything on sale. */
export const lookups: NonNullable<Given["calls"]> = {
  [getEnis]: () => ({ enis: [] }),
  [getImages]: ({ imageId }) => ({
    images: imageId === undefined ? [{ imageId: "img-newest" }, { imageId: "img-older" }] : [{ imageId }],
  }),
  [getInstanceTypes]: () => ({ instanceTypes: [offer("S5.MEDIUM2"), offer("S5.LARGE8")] }),
  [getInstances]: ({ instanceId }) => ({ instanceLists: [{ instanceId, instanceType: "S5.MEDIUM2" }] }),
};

/** The least stack, with what a test wants otherwise. */
export const run = (config: Record<string, string> = {}, more: Partial<Given> = {}): Promise<Run> =>
  runProgram({
    config: { ...least, ...config },
    ...more,
    calls: { ...lookups, ...more.calls },
  });

/** Compares with all options, so that one too many fails as well. */
export function assertOptions(resource: Recorded, expected: Partial<Options>): void {
  const none: Options = {
    ignoreChanges: [],
    dependsOn: [],
    deletedWith: "",
    replaceWith: [],
    deleteBeforeReplace: false,
    additionalSecretOutputs: [],
    protect: false,
    retainOnDelete: false,
    replaceOnChanges: [],
    aliases: [],
    replacementTrigger: undefined,
  };
  assert.deepEqual(resource.options, { ...none, ...expected }, resource.name);
}

export const pair = "keepalived-cluster-test";
/** What has to be there before a machine starts. */
export const foundations = ["ha-network-rules", "ha-vip-eni-a", "ha-vip-eni-b"];
/** The command that puts a node's files in place. */
export const filesOf = (node: string) => `ha-${node}-files-install`;

/** What a stack was made with on an earlier run. */
export const made = {
  zone: "ap-guangzhou-3",
  vpcCidr: "10.0.0.0/16",
  subnetCidr: "10.0.1.0/24",
  vip: "10.0.1.100",
  nodeAddressA: "10.0.1.16",
  nodeAddressB: "10.0.1.17",
  run: "the first",
};
/**
 * A running stack after a failover: node b's ENI has the VIP. The filter is fuzzy, and other VPCs may use the address, so
 * other ENIs come along.
 */
export const afterFailover: Partial<Given> = {
  made,
  calls: {
    [getEnis]: () => ({
      enis: [
        { id: "eni-x", name: "other", ipv4s: [{ ip: "110.0.1.100" }] },
        { id: "eni-y", name: "keepalived-cluster-other-a", ipv4s: [{ ip: "10.0.1.100" }] },
        {
          id: "ha-vip-eni-b-id",
          name: `${pair}-b`,
          ipv4s: [{ ip: "10.0.1.17" }, { ip: "10.0.1.100" }],
          instanceId: "ins-b",
        },
      ],
    }),
  },
};
/** A running stack whose VIP is where it was made. */
export const beforeFailover: Partial<Given> = {
  made,
  calls: {
    [getEnis]: () => ({ enis: [{ name: `${pair}-a`, ipv4s: [{ ip: "10.0.1.100" }], instanceId: "ins-a" }] }),
  },
};
