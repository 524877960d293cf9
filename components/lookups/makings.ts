/** What a new machine is made of, looked up before anything is made: by then a refusal costs nothing. */
import type * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { type ImageArgs, type ImageFound, namedImage, newestImage } from "./image.ts";
import type { Problem } from "./refusal.ts";
import { type StockArgs, stockProblems } from "./stock.ts";

export interface MakingsArgs extends ImageArgs, StockArgs {}

/** What a new machine would be made of, and what is wrong with it; the image's id is empty where that is. */
export interface Makings {
  imageId: string;
  problems: Problem[];
}

/**
 * The image of a new machine, and whether there is one to be had. A running pair is asked for no more than it needs: what it
 * runs on may have been sold out or taken from the market since.
 * @param servingId the instance that has the VIP, undefined where nobody serves and machines will be made.
 */
export async function lookUpMakings(
  args: MakingsArgs,
  servingId: string | undefined,
  options?: pulumi.InvokeOptions,
): Promise<Makings> {
  const serving = servingId === undefined ? undefined : await instanceOf(servingId, options);
  // Only what the user names is compared: whether another change replaces the machines is for the engine to say.
  const problems = serving?.instanceType === args.instanceType ? [] : await stockProblems(args, options);
  // Images are listed for a type, and for one that it does not know the cloud lists none, but fails.
  if (problems.length > 0) return { imageId: "", problems };
  const image = await imageFor(args, serving, options);
  return "problem" in image ? { imageId: "", problems: [image.problem] } : { ...image, problems: [] };
}

async function imageFor(
  args: MakingsArgs,
  serving: Instance | undefined,
  options?: pulumi.InvokeOptions,
): Promise<ImageFound> {
  if (args.imageId !== undefined) {
    return serving?.imageId === args.imageId ? { imageId: args.imageId } : namedImage(args.imageId, options);
  }
  const newest = await newestImage(args, options);
  const madeOfIt =
    serving?.instanceType === args.instanceType &&
    serving?.osName?.toLowerCase().includes(args.imageName.toLowerCase());
  return "problem" in newest && madeOfIt && serving?.imageId ? { imageId: serving.imageId } : newest;
}

type Instance = tencentcloud.types.output.GetInstancesInstanceList;

async function instanceOf(instanceId: string, options?: pulumi.InvokeOptions): Promise<Instance | undefined> {
  const { instanceLists = [] } = await tencentcloud.getInstances({ instanceId }, options);
  return instanceLists.find((instance) => instance.instanceId === instanceId);
}
