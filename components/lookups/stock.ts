/** Whether the cloud sells the machines that are about to be made, and what it has instead. */
import type * as pulumi from "@pulumi/pulumi";
import * as tencentcloud from "@pulumi/tencentcloud";
import { closest } from "../../render/words.ts";
import type { Problem } from "./refusal.ts";

export interface StockArgs {
  zone: string;
  instanceType: string;
}

type Offer = tencentcloud.types.output.GetInstanceTypesInstanceType;

/**
 * What is wrong with an instance type that can't be had in the zone, with up to three that are in stock: the cloud would tell
 * only after network, ENIs and roles have been made. The list of types that it sells has the sold-out ones too, marked as such.
 */
export async function stockProblems(args: StockArgs, options?: pulumi.InvokeOptions): Promise<Problem[]> {
  const filters = [
    { name: "zone", values: [args.zone] },
    { name: "instance-charge-type", values: ["POSTPAID_BY_HOUR"] },
  ];
  const offers = (await tencentcloud.getInstanceTypes({ filters }, options)).instanceTypes ?? [];
  return problemsOf(args, offers);
}

function problemsOf({ zone, instanceType }: StockArgs, offers: Offer[]): Problem[] {
  if (offers.length === 0) {
    return [{ key: "zone", text: `no instance type is on sale in "${zone}"; allowed: a zone of the region` }];
  }
  const wanted = offers.find((offer) => offer.instanceType === instanceType);
  if (wanted && inStock(wanted)) return [];
  const others = offers.filter((offer) => inStock(offer) && !offer.gpuCoreCount && !offer.fpga);
  const names = wanted ? alike(wanted, others) : closest(instanceType, namesOf(others), 3);
  const what = wanted ? `is sold out in ${zone}` : `is not sold in ${zone}`;
  const near = wanted ? `with ${wanted.cpuCoreCount} cores, nearest in price first` : "nearest in name first";
  const instead = names.length > 0 ? `in stock there, ${near}: ${names.join(", ")}` : "and nothing like it is in stock";
  return [{ key: "instanceType", text: `"${instanceType}" ${what}; ${instead}; or another zone` }];
}

const inStock = ({ status, statusCategory }: Offer): boolean => status === "SELL" && statusCategory !== "WithoutStock";

const namesOf = (offers: Offer[]): string[] => [...new Set(offers.flatMap(({ instanceType }) => instanceType ?? []))];

/**
 * As many cores, and so at least as many ENIs and addresses, which the cloud gives by cores (document/product/576/18527);
 * nearest in price, then in memory.
 */
function alike(wanted: Offer, others: Offer[]): string[] {
  const price = ({ prices }: Offer) => prices?.[0]?.unitPriceDiscount ?? prices?.[0]?.unitPrice ?? 0;
  const far = (offer: Offer) => Math.abs(price(offer) - price(wanted));
  const memory = (offer: Offer) => Math.abs((offer.memorySize ?? 0) - (wanted.memorySize ?? 0));
  const same = others.filter(({ cpuCoreCount }) => cpuCoreCount === wanted.cpuCoreCount);
  return namesOf(same.sort((one, other) => far(one) - far(other) || memory(one) - memory(other))).slice(0, 3);
}
