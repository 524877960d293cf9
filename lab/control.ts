/** How a command talks to the lab's daemon: JSON over a Unix socket that only root can open. */
import { chmodSync, rmSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { messageOf } from "../terminal/problem.ts";
import { labCommand } from "../terminal/typed.ts";

export type Verbs = Record<string, (args: unknown) => Promise<unknown>>;

/** Serves the verbs on a socket file. An error of a verb reaches the caller as its message. */
export function serveControl(socketPath: string, verbs: Verbs): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer((incoming, answer) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => {
      body += chunk;
    });
    incoming.on("end", async () => {
      const name = (incoming.url ?? "/").slice(1);
      const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
      try {
        if (!verb) throw new Error(`the lab's daemon knows no "${incoming.url}"`);
        const result = await verb(body ? JSON.parse(body) : undefined);
        answer.end(JSON.stringify({ result: result ?? null }));
      } catch (error) {
        answer.end(JSON.stringify({ error: messageOf(error) }));
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(socketPath, () => {
      chmodSync(socketPath, 0o600);
      resolve(server);
    });
  });
}

const notRunning = () => `This lab does not run. Start it with "${labCommand()}".`;
const whereToLook = "see daemon.log in the lab's folder";

/** Asks the daemon. Fails with a plain sentence when it does not run. */
export function ask<T>(socketPath: string, verb: string, args?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    // A connection for each: one that is kept may be closed by the daemon in the moment in which it is used again.
    const outgoing = request({ socketPath, path: `/${verb}`, method: "POST", agent: false }, (answer) => {
      let body = "";
      answer.on("data", (chunk: Buffer) => {
        body += chunk;
      });
      answer.on("end", () => {
        try {
          const { result, error } = JSON.parse(body) as { result: T; error?: string };
          if (error === undefined) resolve(result);
          else reject(new Error(error));
        } catch {
          reject(new Error(`the lab's daemon broke off its answer; ${whereToLook}`));
        }
      });
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      const gone = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      reject(new Error(gone ? notRunning() : `the lab's daemon could not be asked: ${error.message}; ${whereToLook}`));
    });
    outgoing.end(args === undefined ? "" : JSON.stringify(args));
  });
}
