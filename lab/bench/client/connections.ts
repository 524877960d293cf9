/** What becomes of the connections of a client: connections.py holds them to a small server on the nodes, echo.py. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inNamespace } from "../tap.ts";

/** So many does the client hold. */
export const connectionCount = 200;
/** TCP, as the pair's security group lets it in. */
export const echoPort = 7;

const place = (file: string) => join(import.meta.dirname, file);

/** Reads the server from its input, and has systemd run it on this node from now on, also after a boot. */
export const echoInstall = {
  argv: [
    ...["sh", "-euc"],
    `cat >/usr/local/sbin/bench-echo.py
cat >/etc/systemd/system/bench-echo.service <<UNIT
[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/bench-echo.py ${echoPort}
Restart=always
# A client whose VIP has moved can't tell this node that it is gone.
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable -q --now bench-echo`,
  ],
  input: readFileSync(place("echo.py"), "utf8"),
};

export interface Broken {
  /** Connections that were reset, or owe an answer. */
  broken: number;
  /** Those of them that owe one: their clients wait on. */
  hanging: number;
}

const brokenOf = (line: string): Broken => {
  const [broken = Number.NaN, hanging = Number.NaN] = line.split(" ").map(Number);
  return { broken, hanging };
};

export class Connections {
  /** Rejects when the client ends before all of them are open. */
  readonly opened: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Broken>;

  /** @param namespace of the client: it can't leave the lab */
  constructor(namespace: string, address: string, port = echoPort, count = connectionCount) {
    const lines: string[] = [];
    let open = () => {};
    const argv = [place("connections.py"), address, String(port), String(count)];
    this.#child = inNamespace(namespace, argv, (line) => {
      lines.push(line);
      open();
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on("close", (code) =>
        code === 0 ? resolve(brokenOf(lines[1] ?? "")) : reject(new Error(`the client's connections: exit ${code}`)),
      );
    });
    this.opened = Promise.race([
      new Promise<void>((resolve) => {
        open = resolve;
      }),
      this.#ended.then(() => {}),
    ]);
    this.opened.catch(() => {}); // thrown where it is waited for
  }

  /** Takes some seconds where one answers no more. */
  end(): Promise<Broken> {
    this.#child.stdin?.end();
    return this.#ended;
  }
}
