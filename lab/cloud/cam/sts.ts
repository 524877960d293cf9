/** Temporary keys that hold the account's own key down to a policy. */

import { readPolicy } from "../account/access/policy.ts";
import { CloudError } from "../account/api/errors.ts";
import { isoTime } from "../account/behaviour/clock.ts";
import type { Handler } from "../account/model.ts";
import type { Statement } from "../account/records.ts";

const maxDurationS = 7200;

const getFederationToken: Handler<{ Name: string; Policy: string; DurationSeconds?: number }> = (
  model,
  request,
  call,
) => {
  if (call.caller.kind !== "root") {
    throw new CloudError("UnauthorizedOperation", "Only a permanent key may ask for a federation token.");
  }
  const durationS = request.DurationSeconds ?? 1800;
  if (durationS < 1 || durationS > maxDurationS) {
    throw new CloudError("InvalidParameter.OverTimeError", `DurationSeconds must be 1 to ${maxDurationS}.`);
  }
  const document = decoded(request.Policy);
  if (/"principal"\s*:/.test(document)) {
    throw new CloudError("InvalidParameter.StrategyFormatError", "A policy for a token has no principal.");
  }
  const caller = { kind: "federated", name: request.Name, statements: readable(document) } as const;
  const { secretId, secretKey, token, expiresMs } = model.credentials.federated(caller, durationS * 1000);
  return {
    Credentials: { TmpSecretId: secretId, TmpSecretKey: secretKey, Token: token },
    ExpiredTime: Math.floor(expiresMs / 1000),
    Expiration: isoTime(expiresMs),
  };
};

/** CAM's codes for a bad document are not this service's. */
function readable(document: string): Statement[] {
  try {
    return readPolicy(document);
  } catch (error) {
    throw error instanceof CloudError ? new CloudError("InvalidParameter.StrategyFormatError", error.message) : error;
  }
}

/** The policy comes URL-encoded, beyond what the transport needs. */
function decoded(policy: string): string {
  try {
    return decodeURIComponent(policy);
  } catch {
    throw new CloudError("InvalidParameter.StrategyFormatError", "The policy is not URL-encoded.");
  }
}

export const stsActions = { sts: { GetFederationToken: getFederationToken } };
