/** The nodes' package mirror: the small apt repository that was made with the image, over HTTP. */

import { once } from "node:events";
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { ensureImage } from "./image.ts";

export interface LabMirror {
  port: number;
  close(): Promise<void>;
}

/** Serves the cached repository, made first if it is missing; port 0 takes a free one. */
export async function startMirror(address: string, port: number, cacheDir: string): Promise<LabMirror> {
  const { repository } = await ensureImage({ cacheDir });
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://mirror").pathname));
    const file = join(repository, path);
    const size = sizeOf(file);
    if (!file.startsWith(`${repository}/`) || size === null) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-length": size, "content-type": "application/octet-stream" });
    if (request.method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
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

function sizeOf(file: string): number | null {
  try {
    const stat = statSync(file);
    return stat.isFile() ? stat.size : null;
  } catch {
    return null;
  }
}
