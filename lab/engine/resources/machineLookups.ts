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
};
