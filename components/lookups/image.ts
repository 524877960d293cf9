/** The image that a new machine is made of. */
import type * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { closest } from "../../render/words.ts";
import type { Problem } from "./refusal.ts";

export interface ImageArgs {
  /** The image; looked up by imageName when undefined. */
  imageId?: string | undefined;
  /** Part of a public image's name, for example `Debian 12`. */
  imageName: string;
  instanceType: string;
}

/** The image, or what is wrong with what the user says of it. */
export type ImageFound = { imageId: string } | { problem: Problem };

type Image = tencentcloud.types.output.GetImagesImage;

/**
 * The id of the newest public image with the name, for the instance type. The provider takes any part of the name in any
 * case, and gives the newest first. Where there is none, the names that are most like it.
 */
export async function newestImage(args: ImageArgs, options?: pulumi.InvokeOptions): Promise<ImageFound> {
  const { imageName, instanceType } = args;
  const wanted = { imageTypes: ["PUBLIC_IMAGE"], instanceType };
  const { images = [] } = await tencentcloud.getImages({ ...wanted, osName: imageName }, options);
  const id = asMeant(imageName, images)[0]?.imageId;
  if (id !== undefined) return { imageId: id };
  const all = images.length > 0 ? images : ((await tencentcloud.getImages(wanted, options)).images ?? []);
  const names = closest(imageName, namesOf(all), 4);
  const near = names.length > 0 ? `; nearest: ${names.join(", ")}` : "";
  const what =
    images.length > 0
      ? `images with "${imageName}" in their names are all of a kind that has to be named`
      : `no public image for ${instanceType} has "${imageName}" in its name`;
  const text = `${what}${near}; allowed: part of an image name as the console shows it, or imageId`;
  return { problem: { key: "imageName", text } };
}

/** Whether the image is there, before RunInstances asks. */
export async function namedImage(imageId: string, options?: pulumi.InvokeOptions): Promise<ImageFound> {
  const { images = [] } = await tencentcloud.getImages({ imageId }, options);
  if (images.some((image) => image.imageId === imageId)) return { imageId };
  const allowed = "the id of a public, private or shared image as the console shows it, or imageName";
  const text = `there is no image "${imageId}" in this region and account; allowed: ${allowed}`;
  return { problem: { key: "imageId", text } };
}

/**
 * Images that boot otherwise, or are for other processors, have the same name with a word more ("Ubuntu Server 22.04 LTS
 * 64位 UEFI 版"), and the newest of all may be one of them: such a word has to be asked for.
 */
const variants = /UEFI|arm64|aarch64|\barm\b|i386|32bit|32位/i;

function asMeant(imageName: string, images: Image[]): Image[] {
  const asked = variants.exec(imageName)?.[0].toLowerCase();
  const plain = images.filter(
    ({ osName = "" }) => !variants.test(osName) || osName.toLowerCase().includes(asked ?? "\n"),
  );
  const usual = plain.filter(({ architecture }) => architecture === "x86_64");
  // For a type with another processor the cloud lists no image of the usual kind.
  return usual.length > 0 ? usual : plain;
}

const namesOf = (images: Image[]): string[] => images.flatMap(({ osName }) => osName ?? []);
