/** The environment of what the lab's engines start: this terminal's, without what it says of another stack or account. */

/**
 * Pulumi's own settings (a passphrase beats the file with the lab's, a backend or token leads to another state), the account,
 * region and endpoint that Tencent's provider would take, and proxies: nothing of a lab is beyond the loopback interface.
 */
const foreign = /^(PULUMI|TENCENTCLOUD|TF)_|^((HTTPS?|ALL|NO|GRPC)_PROXY|NO_GRPC_PROXY)$/i;

/** Undefined for each variable that is somebody else's: in a child's environment that is none at all. */
export const withoutForeign = (): Record<string, undefined> =>
  Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => foreign.test(name))
      .map((name) => [name, undefined]),
  );
