/** What the cloud sells: zones, instance types, images. */
import { CloudError, isId } from "../account/errors.ts";
import { type ApiFilter, checkQuery, cvmQuery, page, select } from "../account/filters.ts";
import { instanceTypes, zoneNames } from "../account/limits.ts";
import type { Handler } from "../account/model.ts";
import type { InstanceType } from "../account/records.ts";

export interface Image {
  id: string;
  name: string;
  platform: string;
  /** Account that the image's cloud-init gives the SSH keys to. */
  user: string;
  created: string;
}

export const images: Image[] = [
  {
    id: "img-487zeit5",
    name: "Ubuntu Server 22.04 LTS 64bit",
    platform: "Ubuntu",
    user: "ubuntu",
    created: "2025-03-01",
  },
  {
    id: "img-mmytdhbn",
    name: "Ubuntu Server 24.04 LTS 64bit",
    platform: "Ubuntu",
    user: "ubuntu",
    created: "2025-03-02",
  },
  { id: "img-4cmp1f33", name: "Debian 11.11 64bit", platform: "Debian", user: "root", created: "2025-01-01" },
  { id: "img-pi0ii46r", name: "Debian 12.0 64bit", platform: "Debian", user: "root", created: "2025-02-01" },
  { id: "img-kbmq3u7n", name: "Debian 13.0 64bit", platform: "Debian", user: "root", created: "2025-09-01" },
  {
    id: "img-eb30mz89",
    name: "TencentOS Server 3.1 (TK4)",
    platform: "TencentOS",
    user: "root",
    created: "2024-01-01",
  },
];

/** Refuses an image that is not there. */
export function requireImage(imageId: string): void {
  if (!isId(imageId, "img"))
    throw new CloudError("InvalidImageId.Malformed", `The image id '${imageId}' is malformed.`);
  if (!imageOf(imageId)) throw new CloudError("InvalidImageId.NotFound", `The image '${imageId}' does not exist.`);
}

/** The instance type of a name, or the refusal; each action has a code of its own for one that is not on sale. */
export function requireType(name: string, notFoundCode: string): InstanceType {
  if (!/^[A-Z0-9]+\.[A-Z0-9]+$/.test(name)) {
    throw new CloudError("InvalidInstanceType.Malformed", `The instance type '${name}' is malformed.`);
  }
  const type = instanceTypes.find((candidate) => candidate.name === name);
  if (!type) throw new CloudError(notFoundCode, `The instance type '${name}' does not exist.`);
  return type;
}

export const imageOf = (imageId: string): Image | undefined => images.find(({ id }) => id === imageId);

const imageQuery = {
  ...cvmQuery,
  both: "InvalidParameter.InvalidParameterCoexistImageIdsFilters",
  malformedId: "InvalidImageId.Malformed",
  limit: "InvalidParameterValue.InvalidParameterValueLimit",
};

const describeImages: Handler<{
  ImageIds?: string[];
  Filters?: ApiFilter[];
  Offset?: number;
  Limit?: number;
}> = (_model, request) => {
  checkQuery(request, request.ImageIds, "img", imageQuery);
  const found = select(
    images,
    request.Filters,
    {
      "image-id": (image) => [image.id],
      "image-name": (image) => [image.name],
      "image-type": () => ["PUBLIC_IMAGE"],
      "image-state": () => ["NORMAL"],
      platform: (image) => [image.platform],
    },
    () => [],
    imageQuery,
  ).filter((image) => !request.ImageIds || request.ImageIds.includes(image.id));
  const set = page(found, request, imageQuery).map((image) => ({
    ImageId: image.id,
    OsName: image.name,
    ImageName: image.name,
    CreatedTime: `${image.created}T00:00:00Z`,
    ImageType: "PUBLIC_IMAGE",
    ImageDescription: image.name,
    ImageSize: 20,
    Architecture: "x86_64",
    ImageState: "NORMAL",
    Platform: image.platform,
    ImageCreator: null,
    ImageSource: "OFFICIAL",
    SyncPercent: null,
    IsSupportCloudinit: true,
    SnapshotSet: [],
    Tags: [],
    LicenseType: "TencentCloud",
  }));
  return { TotalCount: found.length, ImageSet: set };
};

const offerQuery = { ...cvmQuery, values: { ...cvmQuery.values, most: 100 } };

const describeZoneInstanceConfigInfos: Handler<{ Filters?: ApiFilter[] }> = (model, request) => {
  const offers = zoneNames(model.account.region).flatMap((zone) =>
    instanceTypes.map((type) => ({ zone, type, family: type.name.split(".")[0] ?? "" })),
  );
  checkQuery(request, undefined, "", offerQuery);
  const found = select(
    offers,
    request.Filters,
    {
      zone: ({ zone }) => [zone],
      "instance-type": ({ type }) => [type.name],
      "instance-family": ({ family }) => [family],
      "instance-charge-type": () => ["POSTPAID_BY_HOUR"],
    },
    () => [],
    offerQuery,
  );
  return {
    InstanceTypeQuotaSet: found.map(({ zone, type, family }) => ({
      Zone: zone,
      InstanceType: type.name,
      InstanceChargeType: "POSTPAID_BY_HOUR",
      NetworkCard: 0,
      Externals: {},
      Cpu: type.cpu,
      Memory: type.memory,
      InstanceFamily: family,
      TypeName: "Standard",
      LocalDiskTypeList: [],
      Status: "SELL",
      Price: { UnitPrice: 0.1, ChargeUnit: "HOUR", UnitPriceDiscount: 0.1, Discount: 100 },
      SoldOutReason: "",
      InstanceBandwidth: 1.5,
      InstancePps: 30,
      StorageBlockAmount: 0,
      CpuType: "Intel",
      Gpu: 0,
      Fpga: 0,
      Remark: "",
      GpuCount: 0,
      Frequency: "-/3.1GHz",
      StatusCategory: "EnoughStock",
    })),
  };
};

const zones = (region: string) =>
  zoneNames(region).map((Zone, index) => ({
    Zone,
    ZoneName: Zone,
    ZoneId: String(100001 + index),
    ZoneState: "AVAILABLE",
  }));

const describeCvmZones: Handler = (model) => {
  const ZoneSet = zones(model.account.region);
  return { TotalCount: ZoneSet.length, ZoneSet };
};

const describeZones: Handler<{ Product: string }> = (model, request) => {
  if (!["cvm", "vpc", "cbs"].includes(request.Product)) {
    throw new CloudError("InvalidParameter", `The product '${request.Product}' is not known here.`);
  }
  const ZoneSet = zones(model.account.region).map((zone) => ({
    ...zone,
    ParentZone: "",
    ParentZoneId: "",
    ParentZoneName: "",
    ZoneType: "",
    MachineRoomTypeMC: "",
    ZoneIdMC: "",
  }));
  return { TotalCount: ZoneSet.length, ZoneSet };
};

export const catalogueActions = {
  cvm: {
    DescribeImages: describeImages,
    DescribeZoneInstanceConfigInfos: describeZoneInstanceConfigInfos,
    DescribeZones: describeCvmZones,
  },
  api: { DescribeZones: describeZones },
};
