/** The nodes' package mirror: the small apt repositories that were made with the images, as one over HTTP. */

import { once } from "node:events";
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { imagePaths } from "../image/image.ts";
import { systems } from "../image/systems.ts";

export interface LabMirror {
  port: number;
  close(): Promise<void>;
}

/** Serves the repositories of all images that are cached, also of one that comes later; port 0 takes a free one. */
export async function startMirror(address: string, port: number, cacheDir: string): Promise<LabMirror> {
  // An index lies below its suite's name, and a package of two suites is the same file in both.
  const repositories = [...new Set(systems.flatMap((system) => imagePaths(cacheDir, system).repositories))];
  const server = createServer((request, response) => {
    const path = pathOf(request.url ?? "/");
    const file = repositories.map((folder) => join(folder, path)).find((name) => sizeOf(name) !== null);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-length": sizeOf(file) ?? 0, "content-type": "application/octet-stream" });
    if (request.method === "HEAD") response.end();
    // Whichever end breaks off takes the other with it: there is nobody to tell.
    else pipeline(createReadStream(file), response, () => {});
  });
  server.listen(port, address);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** What a request names, below the root of a repository; what can't be decoded is no file's name as it stands. */
function pathOf(target: string): string {
  const [encoded = ""] = target.split("?");
  try {
    return join("/", decodeURIComponent(encoded));
  } catch {
    return join("/", encoded);
  }
}

function sizeOf(file: string): number | null {
  try {
    const stat = statSync(file);
    return stat.isFile() ? stat.size : null;
  } catch {
    return null;
  }
}
