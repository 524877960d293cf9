/** What the cloud sells: zones, instance types, images. */
import { CloudError, isId } from "../account/api/errors.ts";
import { type ApiFilter, byPart, checkQuery, cvmQuery, nothing, page, select } from "../account/api/filters.ts";
import { instanceTypes, zoneNames } from "../account/limits.ts";
import type { Call, Handler } from "../account/model.ts";
import type { InstanceType } from "../account/records.ts";

export interface Image {
  id: string;
  /** As it is told in English. */
  name: string;
  platform: string;
  /** Account that the image's cloud-init gives the SSH keys to. */
  user: string;
  /** Day on which it was published; of most it is not known, and only their order is meant. */
  created: string;
}

const image = (id: string, name: string, created: string, user = "root"): Image => ({
  id,
  name,
  platform: name.split(" ")[0] ?? "",
  user,
  created,
});

/** Names and ids as CVM lists them. Of Debian 12, 13 and the UEFI one no public listing has the id: those are made up. */
export const images: Image[] = [
  image("img-6n21msk1", "TencentOS Server 4 for x86_64", "2025-04-01"),
  image("img-7rqxtnh9", "TencentOS Server 3.3 (TK4)", "2024-11-01"),
  image("img-eb30mz89", "TencentOS Server 3.1 (TK4)", "2024-01-01"),
  image("img-j5e5hadz", "OpenCloudOS Server 9", "2024-06-01"),
  image("img-028qly2h", "OpenCloudOS Server 8", "2023-06-01"),
  image("img-mmytdhbn", "Ubuntu Server 24.04 LTS 64bit", "2025-03-02", "ubuntu"),
  image("img-u22ef1k8", "Ubuntu Server 22.04 LTS 64bit UEFI", "2025-03-05", "ubuntu"),
  image("img-487zeit5", "Ubuntu Server 22.04 LTS 64bit", "2025-03-01", "ubuntu"),
  image("img-22trbn9x", "Ubuntu Server 20.04.1 LTS 64bit", "2023-03-01", "ubuntu"),
  image("img-pi0ii46r", "Ubuntu Server 18.04.1 LTS 64bit", "2022-03-01", "ubuntu"),
  image("img-kbmq3u7n", "Debian 13.0 64bit", "2025-09-01"),
  image("img-d12x7q5k", "Debian 12.0 64bit", "2025-02-01"),
  image("img-btz2mndd", "Debian 11.4 64bit", "2023-01-02"),
  image("img-4cmp1f33", "Debian 11.1 64bit", "2023-01-01"),
  image("img-9xqekomx", "CentOS Stream 9 64bit", "2024-03-01"),
  image("img-f089mf4l", "AlmaLinux 9.0 64bit", "2023-02-01"),
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
/** A name as it is told in the caller's language. */
export const nameFor = ({ language }: Call, { name }: Image): string =>
  language === "en-US" ? name : name.replace("64bit", "64位");

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
  InstanceType?: string;
  Offset?: number;
  Limit?: number;
}> = (_model, request, call) => {
  checkQuery(request, request.ImageIds, "img", imageQuery);
  // Every type takes every image.
  if (request.InstanceType !== undefined)
    requireType(request.InstanceType, "InvalidParameterValue.InstanceTypeNotFound");
  const found = select(
    images,
    request.Filters,
    {
      "image-id": (image) => [image.id],
      "image-name": byPart((image) => [nameFor(call, image)]),
      "image-type": () => ["PUBLIC_IMAGE"],
      platform: byPart((image) => [image.platform]),
      "dedicated-cluster-id": nothing,
      "cdc-cache-status": nothing,
    },
    () => [],
    imageQuery,
  ).filter((image) => !request.ImageIds || request.ImageIds.includes(image.id));
  const set = page(found, request, imageQuery).map((image) => ({
    ImageId: image.id,
    OsName: nameFor(call, image),
    ImageName: nameFor(call, image),
    CreatedTime: `${image.created}T00:00:00Z`,
    ImageType: "PUBLIC_IMAGE",
    ImageDescription: nameFor(call, image),
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

/** Made up, as prices go: by size. */
const priceOf = ({ cpu, memory }: InstanceType) => (cpu * 6 + memory * 3) / 100;

/** `cpu:desc`, `mem:asc` ... */
function sortBy(offers: { type: InstanceType }[], key: string): void {
  const [field, direction] = key.split(":");
  const of = ({ type }: { type: InstanceType }) => (field === "mem" ? type.memory : type.cpu);
  offers.sort((one, other) => (direction === "desc" ? of(other) - of(one) : of(one) - of(other)));
}

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
      // An order, which all fit.
      "sort-keys": { fits: () => true },
    },
    null,
    offerQuery,
  );
  for (const key of request.Filters?.find(({ Name }) => Name === "sort-keys")?.Values ?? []) sortBy(found, key);
  return {
    InstanceTypeQuotaSet: found.map(({ zone, type, family }) => {
      const soldOut = model.faults.settings.soldOut.includes(type.name);
      const price = priceOf(type);
      return {
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
        Status: soldOut ? "SOLD_OUT" : "SELL",
        Price: { UnitPrice: price, ChargeUnit: "HOUR", UnitPriceDiscount: price, Discount: 100 },
        SoldOutReason: soldOut ? "SoldOut" : "",
        InstanceBandwidth: 1.5,
        InstancePps: 30,
        StorageBlockAmount: 0,
        CpuType: "Intel",
        Gpu: 0,
        Fpga: 0,
        Remark: "",
        GpuCount: 0,
        Frequency: "-/3.1GHz",
        StatusCategory: soldOut ? "WithoutStock" : "EnoughStock",
      };
    }),
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
