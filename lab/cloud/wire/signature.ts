/** TC3-HMAC-SHA256, as the server sees it. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Credential, Credentials } from "../account/access/credentials.ts";
import { CloudError } from "../account/api/errors.ts";

export interface SignedRequest {
  method: string;
  /** What follows the path, as it was sent. */
  query: string;
  /** Lower-case names. */
  headers: Record<string, string | undefined>;
  body: Buffer;
  /** Where the request came in: needed when a client signs a host that it does not send. */
  port: number;
}

export interface Signer {
  credential: Credential;
  /** From the credential scope: the only place where every client names it. */
  service: string;
}

const maxSkewS = 300;
const hash = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();

const pattern =
  /^TC3-HMAC-SHA256 Credential=([^/\s,]+)\/(\d{4}-\d{2}-\d{2})\/([a-z0-9]+)\/tc3_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/**
 * What the client may have signed as its host. The vendor's Node SDK leaves out the port that it sends. The Terraform
 * provider, told `domain=@127.0.0.1:PORT`, signs `vpc.@127.0.0.1:PORT` and sends an empty Host header.
 */
function hostCandidates(host: string, service: string, port: number): string[] {
  if (host === "") return [`${service}.@127.0.0.1:${port}`];
  return [host, host.replace(/:\d+$/, "")];
}

function signatureOf(
  { method, query, headers, body }: SignedRequest,
  names: string[],
  host: string,
  timestamp: string,
  scope: { date: string; service: string },
  secretKey: string,
): Buffer {
  const payload = headers["x-tc-content-sha256"] === "UNSIGNED-PAYLOAD" ? "UNSIGNED-PAYLOAD" : body;
  const lines = names.map(
    (name) => `${name}:${(name === "host" ? host : (headers[name] ?? "")).trim().toLowerCase()}\n`,
  );
  const canonical = [method, "/", query, lines.join(""), names.join(";"), hash(payload)].join("\n");
  const credentialScope = `${scope.date}/${scope.service}/tc3_request`;
  const toSign = ["TC3-HMAC-SHA256", timestamp, credentialScope, hash(canonical)].join("\n");
  const key = hmac(hmac(hmac(`TC3${secretKey}`, scope.date), scope.service), "tc3_request");
  return hmac(key, toSign);
}

/**
 * Who signed this, or the cloud's refusal.
 * @param skewMs how far the caller's clock is behind the cloud's
 */
export function verify(request: SignedRequest, credentials: Credentials, nowMs: number, skewMs: number): Signer {
  const { headers } = request;
  const invalid = (why: string) =>
    new CloudError("AuthFailure.InvalidAuthorization", `The Authorization header is invalid: ${why}.`);
  const [, secretId = "", date = "", service = "", signed = "", signature = ""] =
    pattern.exec(headers.authorization ?? "") ?? [];
  if (!secretId)
    throw invalid("TC3-HMAC-SHA256 Credential=ID/DATE/SERVICE/tc3_request, SignedHeaders=..., Signature=... is needed");
  const names = signed.split(";");
  if (!names.includes("content-type") || !names.includes("host")) throw invalid("content-type and host must be signed");
  if (names.join() !== [...new Set(names)].sort().join()) throw invalid("SignedHeaders must be sorted");

  const timestamp = headers["x-tc-timestamp"] ?? "";
  if (!/^\d{1,12}$/.test(timestamp))
    throw new CloudError("MissingParameter", "The request is missing a required parameter `Timestamp`.");
  if (Math.abs((nowMs + skewMs) / 1000 - Number(timestamp)) > maxSkewS) {
    throw new CloudError(
      "AuthFailure.SignatureExpire",
      `Signature expired, timestamp ${timestamp} is more than ${maxSkewS} s off.`,
    );
  }
  const mismatch = () =>
    new CloudError(
      "AuthFailure.SignatureFailure",
      "The provided credentials could not be validated. Please check your signature is correct.",
    );
  if (new Date(Number(timestamp) * 1000).toISOString().slice(0, 10) !== date) throw mismatch();

  const credential = credentials.find(secretId);
  if (!credential) {
    throw new CloudError(
      "AuthFailure.SecretIdNotFound",
      "The SecretId is not found, please ensure that your SecretId is correct.",
    );
  }
  const given = Buffer.from(signature, "hex");
  const fits = hostCandidates(headers.host ?? "", service, request.port).some((host) =>
    timingSafeEqual(given, signatureOf(request, names, host, timestamp, { date, service }, credential.secretKey)),
  );
  if (!fits) throw mismatch();
  if ((headers["x-tc-token"] ?? "") !== credential.token)
    throw new CloudError("AuthFailure.TokenFailure", "The token is wrong.");
  if (credential.revoked || credential.expiresMs <= nowMs) {
    throw new CloudError("AuthFailure.TokenFailure", "The token has expired.");
  }
  return { credential, service };
}
