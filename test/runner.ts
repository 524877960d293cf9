/** The two kinds of tests that there are, as run.ts runs them: files of Node's own runner, and programs that count for themselves. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { run } from "node:test";
import { spec } from "node:test/reporters";

export interface Total {
  passed: number;
  failed: number;
}

/** Runs tests, adding to `total` as they end and giving all that is to be read to `print`. */
export type Tests = (total: Total, print: (text: string) => void) => Promise<void>;

/** Node's own test runner. @param concurrency files at a time */
export function nodeTests(files: string[], concurrency: number): Tests {
  return (total, print) =>
    new Promise((resolve, reject) => {
      const stream = run({ files, concurrency });
      stream.on("test:pass", (event) => {
        if (event.details.type !== "suite") total.passed += 1;
      });
      stream.on("test:fail", (event) => {
        // A suite fails with its tests, which are counted already, or by itself, when a hook of it fails.
        const { failureType } = event.details.error as { failureType?: string };
        if (event.details.type !== "suite" || failureType !== "subtestsFailed") total.failed += 1;
      });
      stream.on("error", reject);
      const report = stream.compose(spec);
      report.on("data", (line: Buffer | string) => print(String(line)));
      report.on("end", () => resolve());
    });
}

/**
 * The same, each file in a run of its own, so that their number at a time may grow: by one once `spare` says that another
 * lane needs its place no more. What a file says is printed when it has ended.
 */
export function nodeTestsWith(spare: Promise<void>, files: string[], concurrency: number): Tests {
  return async (total, print) => {
    const left = [...files];
    const takesFiles = async () => {
      for (let file = left.shift(); file !== undefined; file = left.shift()) {
        let said = "";
        await nodeTests([file], 1)(total, (text) => {
          said += text;
        });
        print(`${file}\n${said}`);
      }
    };
    let another: Promise<void> | undefined;
    void spare.then(() => {
      another = takesFiles();
    });
    await Promise.all(Array.from({ length: concurrency }, takesFiles));
    await another;
  };
}

/** Programs of tests, one after the other, each of which ends with a line that begins with `N passed, N failed`. */
export function programs(...commands: [file: string, ...args: string[]][]): Tests {
  return async (total, print) => {
    for (const [file, ...args] of commands) {
      const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk;
        print(String(chunk));
      });
      child.stderr.on("data", (chunk: Buffer) => print(String(chunk)));
      const [code] = (await once(child, "close")) as [number | null];
      const [, passed, failed] = /^(\d+) passed, (\d+) failed/m.exec(text) ?? [];
      total.passed += Number(passed ?? 0);
      total.failed += Number(failed ?? 0) || (code === 0 ? 0 : 1);
    }
  };
}
