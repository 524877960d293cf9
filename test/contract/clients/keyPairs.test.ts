/** The account's key pairs as the program asks for them before anything is made. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../../lab/engine/client.ts";
import { lookUp } from "../../../lab/engine/resources/table.ts";
import { sshKey } from "../../unit/given.ts";
import { cloudFor, sdk } from "../support.ts";

const getKeyPairs = "tencentcloud:index/getKeyPairs:getKeyPairs";

test("a key pair that was imported or made is told by name, id and public key, without the cloud's comment", async (t) => {
  const cloud = await cloudFor(t);
  const call = sdk(cloud);
  const publicKey = sshKey().publicKey.split(" ").slice(0, 2).join(" ");
  const imported = await call("cvm", "ImportKeyPair", { KeyName: "mine", ProjectId: 0, PublicKey: `${publicKey} me` });
  await call("cvm", "CreateKeyPair", { KeyName: "made", ProjectId: 0 });
  const tools = { call: connect(cloud), progress: () => {}, sshKeyFile: "" };
  const { keyPairLists } = (await lookUp(getKeyPairs, {}, tools)) as { keyPairLists: Record<string, unknown>[] };
  const mine = keyPairLists.find(({ keyName }) => keyName === "mine");
  assert.equal(mine?.keyId, imported.KeyId);
  assert.equal(mine?.publicKey, publicKey);
  assert.match(String(keyPairLists.find(({ keyName }) => keyName === "made")?.publicKey), /^ssh-rsa AAAAB3\S+$/);
});
