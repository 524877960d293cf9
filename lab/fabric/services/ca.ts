/** The lab's certificate authority: its nodes trust it, and nothing else does. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../run.ts";

export interface LabCa {
  /** Server key, PEM. */
  key: string;
  /** Server certificate with the authority's behind it, PEM. */
  cert: string;
  /** File with the authority's certificate alone. */
  caFile: string;
}

export const caFileOf = (dir: string): string => join(dir, "ca.pem");

/** A wildcard stands for one label at the front only, so `vpc.<region>.…` needs a name per region. */
const regions = [
  ...["guangzhou", "shanghai", "nanjing", "beijing", "chengdu", "chongqing", "hongkong", "taipei", "tokyo", "seoul"],
  ...["singapore", "bangkok", "jakarta", "mumbai"],
].map((city) => `ap-${city}`);
const zones = ["internal", ...regions, "eu-frankfurt", "na-siliconvalley", "na-ashburn", "sa-saopaulo"];
const hosts = ["tencentcloudapi.com", "*.tencentcloudapi.com", ...zones.map((zone) => `*.${zone}.tencentcloudapi.com`)];
const days = ["-days", "3650"];
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes the authority and a server certificate for the API's names in `dir`, or reads those that are there. */
export async function createCa(dir: string): Promise<LabCa> {
  const file = (name: string) => join(dir, name);
  const caFile = caFileOf(dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (!existsSync(file("server.pem"))) {
    const authority = ["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-subj", "/CN=keepalived-cluster lab CA"];
    await run("openssl", ["req", "-x509", ...newKey, ...days, ...authority, "-keyout", file("ca.key"), "-out", caFile]);
    const name = ["-subj", "/CN=*.tencentcloudapi.com"];
    await run("openssl", [
      "req",
      "-new",
      ...newKey,
      ...name,
      "-keyout",
      file("server.key"),
      "-out",
      file("server.csr"),
    ]);
    const alternative = hosts.map((host) => `DNS:${host}`).join(",");
    writeFileSync(
      file("server.ext"),
      `subjectAltName=${alternative}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`,
    );
    const signer = ["-CA", caFile, "-CAkey", file("ca.key"), "-CAcreateserial", "-extfile", file("server.ext")];
    await run("openssl", ["x509", "-req", "-in", file("server.csr"), ...signer, ...days, "-out", file("server.pem")]);
    for (const scrap of ["server.csr", "server.ext", "ca.srl"]) rmSync(file(scrap), { force: true });
  }
  for (const key of ["ca.key", "server.key"]) chmodSync(file(key), 0o600);
  const read = (path: string) => readFileSync(path, "utf8");
  return { key: read(file("server.key")), cert: read(file("server.pem")) + read(caFile), caFile };
}
