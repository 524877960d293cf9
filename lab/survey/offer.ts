/** What the cloud sells in this region, as far as a probe needs it. */
import { type Call, list } from "./client.ts";

export interface Offer {
  zone: string;
  type: string;
  /** As the cloud quotes it. */
  price: string;
}

/** Two cores are the least that holds a second ENI with several addresses, by the vendor's table of ENI limits. */
const usualTypes = ["S5.MEDIUM2", "S6.MEDIUM2", "SA2.MEDIUM2", "SA5.MEDIUM2"];

export async function chooseOffer(
  call: Call,
  { zone, instanceType, region }: { zone?: string | undefined; instanceType?: string | undefined; region: string },
): Promise<Offer> {
  const types = instanceType ? [instanceType] : usualTypes;
  const answer = await call("cvm", "DescribeZoneInstanceConfigInfos", {
    Filters: [
      { Name: "instance-charge-type", Values: ["POSTPAID_BY_HOUR"] },
      { Name: "instance-type", Values: types },
      ...(zone ? [{ Name: "zone", Values: [zone] }] : []),
    ],
  });
  const offers = list(answer.InstanceTypeQuotaSet).filter(({ Status }) => Status === "SELL");
  const priceOf = (offer: (typeof offers)[number]) => {
    const { UnitPrice, UnitPriceDiscount } = (offer.Price ?? {}) as { UnitPrice?: number; UnitPriceDiscount?: number };
    return UnitPriceDiscount ?? UnitPrice ?? Number.POSITIVE_INFINITY;
  };
  const [cheapest] = offers.sort((one, other) => priceOf(one) - priceOf(other));
  if (!cheapest) {
    throw new Error(
      `none of ${types.join(", ")} is on sale by the hour in ${zone ?? region}: choose others by --instance-type and --zone`,
    );
  }
  const price = Number.isFinite(priceOf(cheapest)) ? `${priceOf(cheapest)} an hour` : "at the price page's rate";
  return { zone: String(cheapest.Zone), type: String(cheapest.InstanceType), price };
}

/** Any public Linux image will do: nobody logs in. */
export async function chooseImage(call: Call, instanceType: string): Promise<string> {
  const answer = await call("cvm", "DescribeImages", {
    Filters: [{ Name: "image-type", Values: ["PUBLIC_IMAGE"] }],
    InstanceType: instanceType,
    Limit: 100,
  });
  const images = list(answer.ImageSet).filter(({ Platform }) => !/windows/i.test(String(Platform)));
  const chosen = images.find(({ OsName }) => /debian 12/i.test(String(OsName))) ?? images[0];
  if (!chosen) throw new Error(`there is no public Linux image for ${instanceType}`);
  return String(chosen.ImageId);
}
