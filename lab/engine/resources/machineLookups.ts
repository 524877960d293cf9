/** Data sources about what machines are made of. */
import { type Lookup, list } from "./resource.ts";

export const machineLookups: Record<string, Lookup> = {
  "tencentcloud:index/getImages:getImages": async (inputs, { call }) => {
    const Filters = [{ Name: "image-type", Values: inputs.imageTypes }];
    const request = { Filters, InstanceType: inputs.instanceType, Limit: 100 };
    const found = list((await call("cvm", "DescribeImages", request)).ImageSet);
    // As the provider looks: any part of the name in any case, the newest image first.
    const part = String(inputs.osName).toLowerCase();
    const images = found
      .filter((i) => String(i.OsName).toLowerCase().includes(part))
      .sort((a, b) => Date.parse(String(b.CreatedTime)) - Date.parse(String(a.CreatedTime)))
      .map((i) => ({ imageId: i.ImageId, imageName: i.ImageName, osName: i.OsName }));
    return { images };
  },
};
