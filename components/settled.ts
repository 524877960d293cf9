import * as pulumi from "@pulumi/pulumi";

/** The output's value, undefined where a preview does not know it. isSecret settles in either case, apply does not. */
export const settled = <T>(output: pulumi.Output<T | undefined>): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    output.apply(resolve);
    pulumi.isSecret(output).then(() => setImmediate(resolve, undefined), reject);
  });
