/** A lab that will be killed: `crash.ts <name> <folder>` boots a machine, says "running" and waits for its end. */
import { createFabric } from "../../lab/fabric/index.ts";
import { cacheDir } from "../../lab/state.ts";
import { eips, port, noServices as services, testIndex, vpc } from "./support.ts";

const [name = "", dir = ""] = process.argv.slice(2);
const fabric = createFabric({ name, index: testIndex, dir, cacheDir: cacheDir(), services, log: () => {} });
await fabric.up();
await fabric.apply([vpc([port("ins-a", 10)], { publicAddresses: [{ publicIp: eips[0], privateIp: "10.77.1.10" }] })]);
await fabric.startMachine({
  instanceId: "ins-a",
  vpcId: "vpc-1",
  name: "crash-a",
  imageId: "img-test",
  imageName: "Debian 12.0 64bit",
  sshPublicKeys: [],
  userData: "",
});
console.log("running");
setInterval(() => {}, 60_000);
