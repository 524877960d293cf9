/** Data sources about what machines are made of. */
import type { Json } from "../client.ts";
import { type Lookup, list } from "./resource.ts";

export const machineLookups: Record<string, Lookup> = {
  "tencentcloud:index/getImages:getImages": async (inputs, { call }) => {
    const filter = (Name: string, Values: unknown) => (Values === undefined ? [] : [{ Name, Values }]);
    const byId = inputs.imageId === undefined ? undefined : [inputs.imageId];
    const Filters = [...filter("image-type", inputs.imageTypes), ...filter("image-id", byId)];
    const named = inputs.instanceType === undefined ? {} : { InstanceType: inputs.instanceType };
    const request = { Filters, ...named, Limit: 100 };
    const found = list((await call("cvm", "DescribeImages", request)).ImageSet);
    // As the provider looks: any part of the name in any case, the newest image first.
    const part = String(inputs.osName ?? "").toLowerCase();
    const images = found
      .filter((i) => String(i.OsName).toLowerCase().includes(part))
      .sort((a, b) => Date.parse(String(b.CreatedTime)) - Date.parse(String(a.CreatedTime)))
      .map((i) => ({
        imageId: i.ImageId,
        imageName: i.ImageName,
        osName: i.OsName,
        architecture: i.Architecture,
      }));
    return { images };
  },
  "tencentcloud:index/getKeyPairs:getKeyPairs": async (_inputs, { call }) => {
    const found = list((await call("cvm", "DescribeKeyPairs", { Offset: 0, Limit: 100 })).KeyPairSet);
    // The provider takes the last word for the cloud's comment.
    const keyPairLists = found.map((key) => ({
      keyId: key.KeyId,
      keyName: key.KeyName,
      projectId: key.ProjectId,
      publicKey: String(key.PublicKey).split(" ").slice(0, -1).join(" "),
      createTime: key.CreatedTime,
    }));
    return { keyPairLists };
  },
  "tencentcloud:index/getInstanceTypes:getInstanceTypes": async ({ filters }, { call }) => {
    const Filters = list(filters).map(({ name, values }) => ({ Name: name, Values: values }));
    const offers = list((await call("cvm", "DescribeZoneInstanceConfigInfos", { Filters })).InstanceTypeQuotaSet);
    const instanceTypes = offers.map((offer) => ({
      availabilityZone: offer.Zone,
      instanceType: offer.InstanceType,
      cpuCoreCount: offer.Cpu,
      memorySize: offer.Memory,
      gpuCoreCount: offer.Gpu,
      fpga: offer.Fpga,
      status: offer.Status,
      statusCategory: offer.StatusCategory,
      prices: [{ unitPriceDiscount: (offer.Price as Json).UnitPriceDiscount }],
    }));
    return { instanceTypes };
  },
};
