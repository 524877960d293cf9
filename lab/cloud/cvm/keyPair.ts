import { generateKeyPairSync } from "node:crypto";
import { CloudError, isId, known } from "../account/api/errors.ts";
import { type ApiFilter, atMost, checkQuery, cvmQuery, page, select } from "../account/api/filters.ts";
import { isoTime } from "../account/behaviour/clock.ts";
import type { Handler, Model } from "../account/model.ts";
import type { Json, KeyPair, TagSpecification } from "../account/records.ts";
import { tagsFor } from "../account/tagStore.ts";
import { requireInstances } from "./instance.ts";

/** `notFound`: the code for an id that is well formed. */
export const noKey = (id: string, notFound = "InvalidKeyPairId.NotFound") =>
  isId(id, "skey")
    ? new CloudError(notFound, `The key pair '${id}' does not exist.`)
    : new CloudError("InvalidKeyPairId.Malformed", `The key pair's id '${id}' is malformed.`);

const usersOf = (model: Model, keyId: string) =>
  [...model.instances.values()].filter(({ keyIds }) => keyIds.includes(keyId));

const view = (model: Model, key: KeyPair): Json => ({
  KeyId: key.id,
  KeyName: key.name,
  ProjectId: key.projectId,
  Description: key.description,
  // The cloud puts a comment of its own behind the key.
  PublicKey: `${key.publicKey} ${key.id.replace("-", "_")}`,
  PrivateKey: null,
  AssociatedInstanceIds: usersOf(model, key.id).map(({ id }) => id),
  CreatedTime: isoTime(key.createdMs),
  Tags: model.tags.of("cvm/keypair", key.id),
});

function checkKeyName(model: Model, name: string, self?: KeyPair): void {
  const odd = (code: string) =>
    // A new name has one code for all that may be wrong with it.
    new CloudError(
      self ? "InvalidParameterValue" : code,
      `The key name '${name}' must be 1 to 25 letters, digits or _.`,
    );
  if (name.length === 0) throw odd("InvalidKeyPairNameEmpty");
  if (name.length > 25) throw odd("InvalidKeyPairNameTooLong");
  if (!/^[A-Za-z0-9_]+$/.test(name)) throw odd("InvalidKeyPairNameIncludeIllegalChar");
  if ([...model.keyPairs.values()].some((key) => key !== self && key.name === name)) {
    throw new CloudError("InvalidKeyPairName.Duplicate", `A key pair named '${name}' exists already.`);
  }
}

function readKey(model: Model, text: string): string {
  const [type = "", key = ""] = text.trim().split(/\s+/);
  const blob = Buffer.from(key, "base64");
  // The blob repeats its type behind a length of four bytes.
  const inner = blob.length > 4 ? blob.subarray(4, 4 + blob.readUInt32BE(0)).toString() : "";
  const types = ["ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
  if (!types.includes(type) || inner !== type) {
    throw new CloudError("InvalidPublicKey.Malformed", "The public key is not an OpenSSH public key.");
  }
  const { ed25519Key } = model.faults.settings;
  if (type === "ssh-ed25519" && ed25519Key !== "accepted") {
    throw new CloudError(ed25519Key, "The public key is not an OpenSSH RSA key.");
  }
  return `${type} ${key}`;
}

function add(model: Model, name: string, projectId: number, publicKey: string, tags?: TagSpecification[]): KeyPair {
  checkKeyName(model, name);
  const { publicKeyTwice } = model.faults.settings;
  const isThere = [...model.keyPairs.values()].some((key) => key.publicKey === publicKey);
  if (isThere && publicKeyTwice !== "accepted") {
    throw new CloudError(publicKeyTwice, "The public key has been imported already.");
  }
  const key: KeyPair = {
    id: model.ids.id("skey"),
    name,
    projectId,
    description: "",
    publicKey,
    createdMs: model.clock.now(),
  };
  model.tags.add("cvm/keypair", key.id, tagsFor(tags, "cvm/keypair"));
  model.keyPairs.set(key.id, key);
  return key;
}

const importKeyPair: Handler<{
  KeyName: string;
  ProjectId: number;
  PublicKey: string;
  TagSpecification?: TagSpecification[];
}> = (model, request) => ({
  KeyId: add(model, request.KeyName, request.ProjectId, readKey(model, request.PublicKey), request.TagSpecification).id,
});

/** An RSA public key (JWK numbers, base64url) as an OpenSSH line: length-prefixed type, exponent and modulus. */
function openSshLine(exponent: string, modulus: string): string {
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  // A leading zero keeps the number positive.
  const number = (text: string) => Buffer.concat([Buffer.from([0]), Buffer.from(text, "base64url")]);
  const blob = [Buffer.from("ssh-rsa"), Buffer.from(exponent, "base64url"), number(modulus)].map(field);
  return `ssh-rsa ${Buffer.concat(blob).toString("base64")}`;
}

const createKeyPair: Handler<{ KeyName: string; ProjectId: number; TagSpecification?: TagSpecification[] }> = (
  model,
  request,
) => {
  checkKeyName(model, request.KeyName);
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { e = "", n = "" } = publicKey.export({ format: "jwk" });
  const key = add(model, request.KeyName, request.ProjectId, openSshLine(e, n), request.TagSpecification);
  return {
    KeyPair: { ...view(model, key), PrivateKey: privateKey.export({ type: "pkcs1", format: "pem" }).toString() },
  };
};

const keyQuery = {
  ...cvmQuery,
  malformedId: "InvalidKeyPairId.Malformed",
  offset: "InvalidParameterValueOffset",
  limit: "InvalidParameterValueLimit",
};

const describeKeyPairs: Handler<{ KeyIds?: string[]; Filters?: ApiFilter[]; Offset?: number; Limit?: number }> = (
  model,
  request,
) => {
  checkQuery(request, request.KeyIds, "skey", keyQuery);
  const found = select(
    model.keyPairs.values(),
    request.Filters,
    { "key-name": (key) => [key.name], "project-id": (key) => [String(key.projectId)] },
    (key) => model.tags.of("cvm/keypair", key.id),
    keyQuery,
  ).filter((key) => !request.KeyIds || request.KeyIds.includes(key.id));
  return { TotalCount: found.length, KeyPairSet: page(found, request, keyQuery).map((key) => view(model, key)) };
};

const modifyKeyPairAttribute: Handler<{ KeyId: string; KeyName?: string; Description?: string }> = (model, request) => {
  const key = known(model.keyPairs, request.KeyId, noKey);
  if (request.KeyName !== undefined) checkKeyName(model, request.KeyName, key);
  if ((request.Description ?? "").length > 60) {
    throw new CloudError("InvalidParameterValue", "Description has at most 60 characters.");
  }
  key.name = request.KeyName ?? key.name;
  key.description = request.Description ?? key.description;
  return {};
};

function requireKeys(model: Model, ids: string[]): KeyPair[] {
  atMost("key pairs", ids, keyQuery.ids);
  return ids.map((id) => known(model.keyPairs, id, noKey));
}

const disassociateInstancesKeyPairs: Handler<{ InstanceIds: string[]; KeyIds: string[]; ForceStop?: boolean }> = (
  model,
  request,
) => {
  requireKeys(model, request.KeyIds);
  const instances = requireInstances(model, request.InstanceIds);
  // With ForceStop the cloud would power the machines off: nothing in a lab should ever want that.
  if (instances.some(({ state }) => state === "RUNNING")) {
    throw new CloudError("UnsupportedOperation.InstanceStateRunning", "An instance is RUNNING.");
  }
  for (const instance of instances) instance.keyIds = instance.keyIds.filter((id) => !request.KeyIds.includes(id));
  return {};
};

const deleteKeyPairs: Handler<{ KeyIds: string[] }> = (model, request) => {
  const keys = requireKeys(model, request.KeyIds);
  for (const key of keys) {
    const user = usersOf(model, key.id)[0];
    if (user) {
      throw new CloudError("InvalidParameterValue.KeyPairNotSupported", `${key.id} is bound to ${user.id}.`);
    }
  }
  for (const key of keys) {
    model.keyPairs.delete(key.id);
    model.tags.drop("cvm/keypair", key.id);
  }
  return {};
};

export const keyPairActions = {
  cvm: {
    ImportKeyPair: importKeyPair,
    CreateKeyPair: createKeyPair,
    DescribeKeyPairs: describeKeyPairs,
    ModifyKeyPairAttribute: modifyKeyPairAttribute,
    DisassociateInstancesKeyPairs: disassociateInstancesKeyPairs,
    DeleteKeyPairs: deleteKeyPairs,
  },
};
