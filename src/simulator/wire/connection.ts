import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { CallFault } from "./faults.js";
import { Link } from "./link.js";
import { Session, type RequestSink } from "./session.js";
import { ClientFrameReader, StompError } from "./stomp.js";

/** How one connection is treated. */
export interface ConnectionOptions {
  readonly firstBytesMs: number;
  /** `true` if promised heartbeats are sent. */
  readonly beats: boolean;
  /** `true` if the connection ends instead of sending CONNECTED. */
  readonly refuse: boolean;
}

/** Bytes of the longest STOMP command. VDSM looks at them before it decides which protocol a client speaks. */
const PEEK_BYTES = 11;

const STOMP_START = /^(CONNECT|SUBSCRIBE|UNSUBSCRIBE|SEND|DISCONNECT)/;
const HTTP_START = /^(GET|PUT) \//;

/** One accepted connection. It finds out which protocol the client speaks, then a session answers it. */
export class Connection {
  private readonly link: Link;
  private readonly session: Session;
  private readonly reader = new ClientFrameReader();
  private readonly deadline: NodeJS.Timeout;
  private peeked: Buffer | null = Buffer.alloc(0);

  constructor(
    socket: Socket,
    stream: Duplex,
    request: RequestSink,
    private readonly options: ConnectionOptions,
  ) {
    this.link = new Link(socket, stream);
    this.session = new Session(this.link, request, options.beats);
    this.deadline = setTimeout(() => {
      this.link.close();
    }, options.firstBytesMs);
    stream.on("data", (chunk: Buffer) => {
      this.receive(chunk);
    });
    // If a client ends its half, Node keeps ours open; VDSM does not.
    stream.once("end", () => stream.end());
    stream.once("close", () => {
      clearTimeout(this.deadline);
      this.link.stopTimers();
    });
  }

  /** Sends a message once for every subscription to its destination. */
  deliver(destination: string, messageFor: (subscription: string) => Buffer, fault: CallFault | null): void {
    for (const id of this.session.listSubscriptionsTo(destination)) this.link.deliver(messageFor(id), fault);
  }

  /** Tells whether this connection is subscribed to a destination. */
  isSubscribedTo(destination: string): boolean {
    return this.session.listSubscriptionsTo(destination).length > 0;
  }

  destroy(): void {
    this.link.destroy();
  }

  private receive(chunk: Buffer): void {
    if (this.link.closed) return;
    if (this.peeked === null) {
      this.read(chunk);
      return;
    }
    this.peeked = Buffer.concat([this.peeked, chunk]);
    if (this.peeked.length < PEEK_BYTES) return;
    clearTimeout(this.deadline);
    const start = this.peeked.toString("latin1", 0, PEEK_BYTES);
    const bytes = this.peeked;
    this.peeked = null;
    if (HTTP_START.test(start)) this.link.close(HTTP_REFUSAL);
    else if (STOMP_START.test(start) && !this.options.refuse) this.read(bytes);
    else this.link.close();
  }

  private read(bytes: Buffer): void {
    this.session.noteReceived();
    try {
      for (const frame of this.reader.read(bytes)) {
        this.session.receive(frame);
        // The host never reads what follows a frame that ended the connection.
        if (this.link.closed) return;
      }
    } catch (error) {
      if (!(error instanceof StompError)) throw error;
      // Bytes that are no STOMP end the connection, and nothing else.
      this.link.close();
    }
  }
}

/** VDSM's answer to HTTP. Its HTTP side transfers disk images, and refuses anything without their headers. */
const HTTP_REFUSAL =
  "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
