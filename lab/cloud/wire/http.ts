/** The wire: HTTP in, envelope out, and the faults that a client sees before any code has run. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type Gate, handle } from "./gate.ts";

/** As large as the cloud takes. */
const maxBodyBytes = 10 * 1024 * 1024;

export interface Listener {
  port: number;
  close(): Promise<void>;
}

/** PEM. */
export interface Certificate {
  key: string | Buffer;
  cert: string | Buffer;
}

async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const headersOf = (request: IncomingMessage) =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : value]),
  );

async function answer(gate: Gate, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { faults, clock, tasks } = gate.model;
  let body: Buffer | undefined;
  try {
    body = await read(request);
  } catch {
    return; // The caller has gone before its request was whole.
  }
  if (faults.settings.apiDown === "hang") return;
  // A connection that was open before the fault is cut by its next request.
  if (faults.settings.apiDown) {
    request.socket.destroy();
    return;
  }
  if (faults.settings.latencyMs > 0) await tasks.sleep(faults.settings.latencyMs);
  if (body === undefined)
    return send({ Error: { Code: "RequestSizeLimitExceeded", Message: "The request is too large." } });
  const signed = {
    method: request.method ?? "",
    query: /\?(.*)$/.exec(request.url ?? "")?.[1] ?? "",
    headers: headersOf(request),
    body,
    port: request.socket.localPort ?? 0,
  };
  const result = await handle(gate, signed, request.socket.remoteAddress ?? "");
  // The call has been carried out and only its answer is lost.
  if (faults.takeLostReply(result.action)) {
    request.socket.destroy();
    return;
  }
  send(result.response);

  function send(content: Record<string, unknown>): void {
    const text = JSON.stringify({ Response: content });
    response.writeHead(200, {
      // Exactly this: the vendor's Python SDK takes an error for a success when a charset follows.
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(text),
      Date: new Date(clock.now() + faults.settings.clockSkewMs).toUTCString(),
      Server: "nginx",
    });
    response.end(text);
  }
}

/** Listens on an address, over TLS if a certificate is given. Port 0 takes any free one. */
export async function listen(gate: Gate, address: string, port: number, tls?: Certificate): Promise<Listener> {
  // Clients that go by a proxy or by the user-name form of `domain` send no usable Host.
  const options = { requireHostHeader: false, keepAlive: true };
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    answer(gate, request, response).catch((error: unknown) => {
      gate.onError(error);
      request.socket.destroy();
    });
  };
  const server: Server = tls ? createTlsServer({ ...options, ...tls }, handler) : createServer(options, handler);
  return start(server, address, port, () => gate.model.faults.settings.apiDown === true);
}

/** Starts a server whose connections are reset while `down` says so; closing it ends every connection. */
export async function start(server: Server, address: string, port: number, down: () => boolean): Promise<Listener> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    if (down()) socket.resetAndDestroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
