/** A refusal as the cloud words it: it travels in an HTTP 200 envelope. */
export class CloudError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export const missing = (parameter: string) =>
  new CloudError("MissingParameter", `The request is missing a required parameter \`${parameter}\`.`);

export const malformed = (parameter: string, value: string, allowed: string) =>
  new CloudError(
    "InvalidParameterValue.Malformed",
    `The value '${value}' of parameter \`${parameter}\` is malformed: ${allowed}.`,
  );

/** Whether this could be the id of something: `vpc-f49l6u0z`. */
export const isId = (id: string, prefix = "[a-z]+") => new RegExp(`^${prefix}-[a-z0-9]{8}$`).test(id);

/** The vpc API's answer for most kinds of things. */
export const notFound = (id: string) =>
  isId(id)
    ? new CloudError("ResourceNotFound", `The resource '${id}' does not exist.`)
    : new CloudError("InvalidParameterValue.Malformed", `The id '${id}' is malformed.`);

export const tooLong = (parameter: string, allowed: string) =>
  new CloudError("InvalidParameterValue.TooLong", `The parameter \`${parameter}\` can have at most ${allowed}.`);

export const inUse = (what: string, by: string) => new CloudError("ResourceInUse", `${what} is used by ${by}`);

export const mutex = (id: string) =>
  new CloudError("UnsupportedOperation.MutexOperationTaskRunning", `A task is running on ${id}`);

export const noInstance = (id: string, malformedCode = "InvalidInstanceId.Malformed") =>
  isId(id, "ins")
    ? new CloudError("InvalidInstanceId.NotFound", `The instance '${id}' does not exist.`)
    : new CloudError(malformedCode, `The instance id '${id}' is malformed.`);

/** The thing with this id, or the cloud's "not found" (or the service's own form of it). */
export function known<T>(map: ReadonlyMap<string, T>, id: string, error: (id: string) => CloudError = notFound): T {
  const found = map.get(id);
  if (!found) throw error(id);
  return found;
}
