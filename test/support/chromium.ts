/** Debian's Chromium without a screen, spoken to by its own protocol over two pipes (--remote-debugging-pipe). */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

const limitMs = 120_000;

interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** One page. */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #profile = mkdtempSync(join(tmpdir(), "chromium-"));
  readonly #open = new Map<number, (message: Message) => void>();
  /** Events of the page, as the protocol names them. */
  readonly events: Message[] = [];
  #session: string | undefined;
  #count = 0;

  constructor() {
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--hide-scrollbars",
    ];
    // Nothing is asked of the network, by the browser itself either.
    flags.push("--disable-background-networking", "--disable-component-update", "--proxy-server=127.0.0.1:1");
    const argv = [...flags, `--user-data-dir=${this.#profile}`, "--remote-debugging-pipe", "about:blank"];
    this.#child = spawn("chromium", argv, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.#child.on("error", (error) => this.#fail(error.message));
    this.#child.on("close", () => this.#fail("Chromium has ended"));
    let tail = "";
    (this.#child.stdio[4] as Readable).setEncoding("utf8").on("data", (chunk: string) => {
      const texts = (tail + chunk).split("\0");
      tail = texts.pop() ?? "";
      for (const text of texts) this.#take(JSON.parse(text) as Message);
    });
  }

  #take(message: Message): void {
    if (message.id === undefined) this.events.push(message);
    else this.#open.get(message.id)?.(message);
  }

  #fail(message: string): void {
    for (const answer of this.#open.values()) answer({ error: { message } });
  }

  async send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    this.#count += 1;
    const id = this.#count;
    const answer = new Promise<Message>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), limitMs);
      this.#open.set(id, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
    });
    const sessionId = this.#session;
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await answer;
    this.#open.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** Opens a page and waits until it is loaded. */
  async visit(url: string): Promise<void> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    this.#session = sessionId as string;
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.send(`${domain}.enable`);
    const loaded = () => this.events.some(({ method }) => method === "Page.loadEventFired");
    this.events.length = 0;
    await this.send("Page.navigate", { url });
    const deadlineMs = Date.now() + limitMs;
    while (!loaded()) {
      if (Date.now() > deadlineMs) throw new Error(`${url} is not loaded`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** A screen so wide, in CSS pixels. */
  async width(width: number): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
  }

  /** What a text of JavaScript gives in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGKILL");
    await closed;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
