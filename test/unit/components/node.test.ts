import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { secretFor, withSecret } from "../../../components/ssh/firstLogin.ts";
import type { Options, Run } from "../../support/mocks.ts";
import { key } from "../given.ts";
import { assertOptions, filesOf, foundations, pair, run } from "./stack.ts";

const instanceInputs = (node: "a" | "b") => ({
  instanceName: `${pair}-${node}`,
  availabilityZone: "ap-guangzhou-3",
  imageId: "img-newest",
  instanceType: "S5.MEDIUM2",
  vpcId: "ha-network-vpc-id",
  subnetId: "ha-network-subnet-id",
  orderlySecurityGroups: ["ha-network-security-group-id"],
  keyIds: ["ha-template-key-id"],
  camRoleName: pair,
  disasterRecoverGroupIds: ["ha-template-placement-id"],
  systemDiskType: "CLOUD_PREMIUM",
  systemDiskSize: 50,
  forceDelete: true,
  timeouts: { create: "20m" },
  tags: {},
  userDataRaw: withSecret(undefined, secretFor(key.privateKey, pair, node)),
});
const publicInputs = {
  allocatePublicIp: true,
  internetChargeType: "TRAFFIC_POSTPAID_BY_HOUR",
  internetMaxBandwidthOut: 10,
};
const instanceOptions: Partial<Options> = {
  dependsOn: foundations,
  ignoreChanges: [
    "partitionNumber",
    "imageId",
    "keyIds",
    "userDataRaw",
    "instanceType",
    "systemDiskType",
    "systemDiskSize",
  ],
  additionalSecretOutputs: ["userData", "userDataRaw", "password"],
};

test("two instances, none of which an update reinstalls", async () => {
  const r = await run();
  for (const node of ["a", "b"] as const) {
    const instance = r.one("Instance", `ha-${node}-instance`);
    assert.deepEqual(instance.inputs, { ...instanceInputs(node), ...publicInputs });
    const { replacementTrigger } = instance.options;
    assertOptions(instance, { ...instanceOptions, replacementTrigger });
  }
});

test("a public address on the nodes is nothing but asked for: SSH follows", async () => {
  const off = await run({ nodePublicIp: "false", sshCidrs: '["10.9.0.0/16"]' });
  for (const node of ["a", "b"] as const) {
    assert.deepEqual(off.one("Instance", `ha-${node}-instance`).inputs, instanceInputs(node));
  }
  const hosts = (r: Run) =>
    ["a", "b"]
      .map((node) => r.one("Command", filesOf(node)))
      .map(({ inputs }) => (inputs.connection as { host: string }).host)
      .sort();
  assert.deepEqual(hosts(off), ["10.0.1.4", "10.0.1.5"]);
  assert.deepEqual(hosts(await run()), ["198.51.100.1", "198.51.100.2"]);
});

test("user data arrives as it is, but for the line that makes the first login sure, and as a secret", async () => {
  const file = "lab/user-data.sh";
  const given = readFileSync(join(import.meta.dirname, "../../..", file), "utf8");
  const [shebang = "", ...lines] = given.split("\n");
  for (const { inputs, secrets, name } of (await run({ userDataFile: file })).all("Instance")) {
    const secret = secretFor(key.privateKey, pair, name === "ha-a-instance" ? "a" : "b");
    assert.equal(inputs.userDataRaw, [shebang, `# first login: ${secret}`, ...lines].join("\n"));
    assert.deepEqual(secrets, ["userDataRaw"]);
  }
  const agent = { sshPrivateKey: "", agentSocketPath: "/run/agent.sock" };
  for (const { inputs } of (await run({ userDataFile: file, ...agent })).all("Instance")) {
    assert.equal(inputs.userDataRaw, given);
  }
});
