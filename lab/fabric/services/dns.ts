/** The nodes' name server: it knows the cloud's own names and nothing of the world. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import packet from "dns-packet";

/** Names with their link-local addresses; `*` stands for one label (the region). */
export const cloudNames: Record<string, string> = {
  "metadata.tencentyun.com": "169.254.0.23",
  "vpc.tencentcloudapi.com": "169.254.0.24",
  "vpc.*.tencentcloudapi.com": "169.254.0.24",
  "vpc.internal.tencentcloudapi.com": "169.254.0.24",
  "mirrors.tencentyun.com": "169.254.0.25",
};

export interface LabDns {
  /** Answers on UDP there too; port 0 takes a free one. */
  listen(address: string, port: number): Promise<{ port: number; close(): Promise<void> }>;
  /** false: questions get no answer at all, as from a name server that is down. */
  setAnswering(answering: boolean): void;
}

function addressOf(name: string, names: Record<string, string>): string | undefined {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  const region = wanted.replace(/^([^.]+)\.[^.]+\.(tencentcloudapi\.com)$/, "$1.*.$2");
  return [wanted, region].map((key) => (Object.hasOwn(names, key) ? names[key] : undefined)).find(Boolean);
}

/** It has no address until it listens on one. */
export function createDns(names = cloudNames): LabDns {
  let answering = true;
  return {
    listen: async (address, port) => {
      const socket = createSocket("udp4");
      socket.on("message", (message, from) => {
        if (!answering) return;
        try {
          // Who asked may be gone by now, or never have been there.
          socket.send(answerTo(message, names), from.port, from.address, () => {});
        } catch {
          // No DNS message: a server says nothing to that.
        }
      });
      socket.bind(port, address);
      await once(socket, "listening");
      return {
        port: socket.address().port,
        close: () => new Promise((resolve) => socket.close(() => resolve())),
      };
    },
    setAnswering: (value) => {
      answering = value;
    },
  };
}

function answerTo(message: Buffer, names: Record<string, string>): Buffer {
  const query = packet.decode(message);
  const [question] = query.questions ?? [];
  if (!question) throw new Error("no question");
  const known = addressOf(question.name, names);
  const flags =
    packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE | ((query.flags ?? 0) & packet.RECURSION_DESIRED);
  // A known name without a record of the asked type (AAAA) is an empty answer; only an unknown one does not exist.
  const nxdomain = 3;
  return packet.encode({
    type: "response",
    id: query.id,
    flags: known === undefined ? flags | nxdomain : flags,
    questions: [question],
    answers:
      known !== undefined && question.type === "A" ? [{ type: "A", name: question.name, ttl: 60, data: known }] : [],
  });
}
