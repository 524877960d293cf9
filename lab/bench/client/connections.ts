/** What becomes of the connections of a client: connections.py holds them to a small server on the nodes, echo.py. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inNamespace } from "../tap.ts";

/** So many does the client hold where nothing else is said. */
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
systemctl enable -q --now bench-echo
PATH=$PATH:/usr/sbin
if systemctl is-active -q ufw; then ufw allow ${echoPort}/tcp; fi
if systemctl is-active -q firewalld; then
  firewall-cmd -q --add-port=${echoPort}/tcp
  firewall-cmd -q --permanent --add-port=${echoPort}/tcp
fi`,
  ],
  input: readFileSync(place("echo.py"), "utf8"),
};

export interface Broken {
  /** Connections that were reset, or owe an answer. */
  broken: number;
  /** Those of them that owe one: their clients wait on. */
  hanging: number;
}

export interface Use {
  /** How many connections; 200 by default. */
  count?: number;
  /** Each of them is used once in this time, one second by default; 0: not before the end. */
  periodMs?: number;
}

export class Connections {
  readonly count: number;
  /** Rejects when the client ends before all of them are open. */
  readonly opened: Promise<void>;
  /** When each of those broke that were reset or closed, ms since 1970, as they come. */
  readonly brokenAtMs: number[] = [];
  /** From a question to its answer; NaN until the end. */
  longestAnswerMs = Number.NaN;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Broken>;

  /** @param namespace of the client: it can't leave the lab */
  constructor(namespace: string, address: string, { count = connectionCount, periodMs = 1000 }: Use = {}) {
    this.count = count;
    let open = () => {};
    let last = "";
    const argv = [place("connections.py"), address, String(echoPort), String(count), String(periodMs / 1000)];
    this.#child = inNamespace(namespace, argv, (line) => {
      const [word, atMs] = line.split(" ");
      if (word === "open") open();
      else if (word === "broken") this.brokenAtMs.push(Number(atMs));
      else last = line;
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on("close", (code) => {
        if (code !== 0) return reject(new Error(`the client's connections: exit ${code}`));
        const [broken = Number.NaN, hanging = Number.NaN, longestMs = Number.NaN] = last.split(" ").map(Number);
        this.longestAnswerMs = longestMs;
        resolve({ broken, hanging });
      });
    });
    this.opened = Promise.race([
      new Promise<void>((resolve) => {
        open = resolve;
      }),
      this.#ended.then(() => {}),
    ]);
    this.opened.catch(() => {}); // thrown where it is waited for
  }

  /** Takes some seconds where one answers no more. A second time gives the same. */
  end(): Promise<Broken> {
    this.#child.stdin?.end();
    return this.#ended;
  }
}
