import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Credentials } from "../../src/simulator/wire/certificates.js";

/** A client that knows bytes and no protocol, so that nothing but the simulator is under test. */
export class RawPeer {
  received = Buffer.alloc(0);
  /** Resolves with the error code, or `null` after an orderly end. */
  readonly closed: Promise<string | null>;
  private wake: (() => void)[] = [];

  private constructor(readonly socket: Socket) {
    let failure: string | null = null;
    socket.on("data", (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.stir();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        resolve(failure);
        this.stir();
      });
    });
  }

  static async dial(port: number, tls: Credentials | null = null, host = "127.0.0.1"): Promise<RawPeer> {
    const socket =
      tls === null ? connect({ port, host }) : connectTls({ port, host, ...tls, servername: "localhost" });
    const peer = new RawPeer(socket);
    await new Promise<void>((resolve) => {
      socket.once(tls === null ? "connect" : "secureConnect", () => {
        resolve();
      });
      socket.once("close", () => {
        resolve();
      });
    });
    return peer;
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** Resolves once the text so far satisfies; rejects when the connection ends before. */
  async until(satisfies: (text: string) => boolean): Promise<string> {
    while (!satisfies(this.text)) {
      if (this.socket.destroyed) throw new Error(`closed after: ${JSON.stringify(this.text)}`);
      await new Promise<void>((resolve) => this.wake.push(resolve));
    }
    return this.text;
  }

  /** Everything up to the n-th NUL. */
  frames(count: number): Promise<string> {
    return this.until((text) => text.split("\0").length > count);
  }

  /** A mark in the stream: all that was sent before has been dealt with once its receipt is here. */
  async settle(): Promise<string> {
    const receipt = `settled-${this.settled++}`;
    this.send(`DISCONNECT\nreceipt:${receipt}\n\n\0`);
    const answer = `RECEIPT\nreceipt-id:${receipt}\n\n\0`;
    const text = await this.until((each) => each.includes(answer));
    return text.replace(/RECEIPT\nreceipt-id:settled-\d+\n\n\0/g, "");
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  private settled = 0;

  private stir(): void {
    for (const wake of this.wake.splice(0)) wake();
  }
}

/** What an engine's client says first, as captured, with one subscription. */
export function hello(queue = "jms.topic.vdsm_responses", id = "sub-responses"): string {
  return (
    "CONNECT\naccept-version:1.2\nhost:null\nheart-beat:0,15000\n\n\0" +
    `SUBSCRIBE\ndestination:${queue}\nid:${id}\nack:auto\n\n\0`
  );
}

/** A SEND with a body, its length counted in bytes. */
export function request(body: unknown, replyTo: string | null = "jms.topic.vdsm_responses"): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const reply = replyTo === null ? "" : `reply-to:${replyTo}\n`;
  return (
    `SEND\ndestination:jms.topic.vdsm_requests\n${reply}` +
    `content-length:${Buffer.byteLength(text)}\n\n${text}\0`
  );
}

/** A call of a verb. */
export function call(method: string, params: unknown = {}, id: unknown = "an-id"): string {
  return request({ jsonrpc: "2.0", method, params, id });
}

/** The JSON bodies of all MESSAGE frames in a text, in order. */
export function bodies(text: string): { id: unknown; result?: unknown; error?: { code: number } }[] {
  return text
    .split("\0")
    .filter((frame) => frame.replace(/^\n+/, "").startsWith("MESSAGE\n"))
    .map((frame) => JSON.parse(frame.slice(frame.indexOf("\n\n", 1) + 2)) as { id: unknown });
}
