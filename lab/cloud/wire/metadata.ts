/** The metadata service that a machine asks about itself, and from which it gets its role's credentials. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { blockOf, formatAddress } from "../../../render/ipv4.ts";
import type { Credentials } from "../account/access/credentials.ts";
import { trustsService } from "../account/access/policy.ts";
import { gatewayOf } from "../account/api/addresses.ts";
import { isoTime } from "../account/behaviour/clock.ts";
import { enisOf, publicAddresses, publicOf } from "../account/enis.ts";
import type { Model } from "../account/model.ts";
import type { Eni, Instance } from "../account/records.ts";
import { type Listener, start } from "./http.ts";

/** Paths and their values; a value that is a tree is a directory. */
type Tree = { [name: string]: string | Tree };

const mask = (cidr: string) => formatAddress(2 ** 32 - 2 ** (32 - blockOf(cidr).prefix));

function nicTree(model: Model, eni: Eni): Tree {
  const cidr = model.subnets.get(eni.subnetId)?.cidr ?? "0.0.0.0/0";
  const addresses = eni.addresses.map((ip): [string, Tree] => [
    ip.address,
    {
      gateway: gatewayOf(cidr),
      "local-ipv4": ip.address,
      "public-ipv4": publicOf(model, eni, ip).publicIp,
      "public-ipv4-mode": "NAT",
      "subnet-mask": mask(cidr),
    },
  ]);
  return {
    mac: eni.mac,
    "primary-local-ipv4": eni.addresses.find(({ primary }) => primary)?.address ?? "",
    "public-ipv4s": publicAddresses(model, eni).join("\n"),
    "vpc-id": eni.vpcId,
    "subnet-id": eni.subnetId,
    "owner-id": model.account.uin,
    "local-ipv4s": Object.fromEntries(addresses),
  };
}

function tree(model: Model, credentials: Credentials, instance: Instance): Tree {
  const enis = enisOf(model, instance.id).filter(({ state }) => state !== "ATTACHING");
  const primary = enis.find((eni) => eni.primary);
  const role = [...model.roles.values()].find(({ name }) => name === instance.roleName);
  const found: Tree = {
    "instance-id": instance.id,
    "instance-name": instance.name,
    hostname: instance.name,
    uuid: instance.uuid,
    "app-id": String(model.account.appId),
    mac: primary?.mac ?? "",
    "local-ipv4": primary?.addresses[0]?.address ?? "",
    "public-ipv4": (primary && publicAddresses(model, primary)[0]) ?? "",
    placement: { region: model.account.region, zone: instance.zone },
    payment: { "charge-type": "POSTPAID_BY_HOUR" },
    network: {
      interfaces: {
        macs: Object.fromEntries(enis.map((eni) => [eni.mac, nicTree(model, eni)])),
      },
    },
  };
  if (role && trustsService(role, "cvm.qcloud.com")) {
    const { secretId, secretKey, token, expiresMs } = credentials.ofRole(role.name, instance.id);
    const shownMs = expiresMs + model.faults.settings.clockSkewMs;
    const document = {
      TmpSecretId: secretId,
      TmpSecretKey: secretKey,
      ExpiredTime: Math.floor(shownMs / 1000),
      Expiration: isoTime(shownMs),
      Token: token,
      Code: "Success",
    };
    found.cam = { "security-credentials": { [role.name]: JSON.stringify(document) } };
  }
  return found;
}

const listing = (directory: Tree) =>
  Object.entries(directory)
    .map(([name, value]) => (typeof value === "string" ? name : `${name}/`))
    .join("\n");

/** The answer to a path, undefined when there is none. Case matters. */
export function lookUp(model: Model, credentials: Credentials, instance: Instance, path: string): string | undefined {
  const [version = "", kind, ...names] = path
    .replace(/^\/+/, "")
    .split("/")
    .filter((part) => part !== "");
  if (!["latest", "1.0", "2017-09-19"].includes(version)) return undefined;
  if (kind === "user-data" && names.length === 0) {
    return instance.userData ? Buffer.from(instance.userData, "base64").toString() : undefined;
  }
  if (kind !== "meta-data") return undefined;
  let found: string | Tree | undefined = tree(model, credentials, instance);
  for (const name of names) {
    if (typeof found !== "object" || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return typeof found === "object" ? listing(found) : found;
}

/**
 * Serves metadata to machines. `instanceOf` tells from the two ends of a connection which machine asks; its clock, as
 * the API's, may be skewed. An unknown machine or path gets 404.
 */
export function serveMetadata(
  model: Model,
  credentials: Credentials,
  address: string,
  port: number,
  instanceOf: (localAddress: string, remoteAddress: string) => string | null,
): Promise<Listener> {
  const plain = (text: string | undefined) => (text ?? "").replace(/^::ffff:/, "");
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { metadataDown } = model.faults.settings;
    if (metadataDown === "hang") return;
    if (metadataDown) {
      request.socket.destroy();
      return;
    }
    const { localAddress, remoteAddress } = request.socket;
    const id = instanceOf(plain(localAddress), plain(remoteAddress));
    const instance = id === null ? undefined : model.instances.get(id);
    const [path = ""] = (request.url ?? "").split("?");
    const text = request.method === "GET" && instance ? lookUp(model, credentials, instance, path) : undefined;
    response.writeHead(text === undefined ? 404 : 200, {
      "Content-Type": "text/plain",
      Date: new Date(model.clock.now() + model.faults.settings.clockSkewMs).toUTCString(),
    });
    response.end(text ?? "404 page not found\n");
  });
  return start(server, address, port, () => model.faults.settings.metadataDown === true);
}
