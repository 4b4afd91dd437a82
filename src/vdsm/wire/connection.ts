import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { dial } from "./dial.js";
import {
  ConnectionFailureError,
  createFloodFailure,
  createRefusalFailure,
  formatOneLine,
} from "./connection-failure.js";
import type { ConnectionListener, ConnectionOptions } from "./connection-options.js";
import { FloodGuard } from "./flood-guard.js";
import { encodeFrame, FrameReader, type Frame } from "./frames.js";
import { HeartbeatWatch } from "./heartbeat-watch.js";
import type { Place } from "./reading-room.js";
import { createSocketFailure, createTimeoutFailure, type Phase } from "./socket-failure.js";

/** A STOMP session with one host, subscribed to a reply queue with a secret name. It is used once, and never reopened. */
export class Connection {
  /** Resolves when requests may be sent. It never settles if the connection fails before. */
  readonly opened: Promise<void>;
  /** Resolves when the socket is gone. */
  readonly gone: Promise<void>;
  /** How far it has come. */
  phase: Phase = "credentials";

  private socket: Socket | null = null;
  private failure: ConnectionFailureError | null = null;
  private watch: HeartbeatWatch | null = null;
  private promisedMs = 0;
  /** The room of the body that is coming. */
  private place: Place | null = null;
  /** The name must be secret: VDSM sends a reply to everybody who subscribes to its destination. */
  private readonly replyQueue = randomUUID();
  private readonly subscription = randomUUID();
  private readonly reader: FrameReader;
  private readonly guard: FloodGuard;
  private readonly connectTimer: NodeJS.Timeout;
  private resolveOpened = (): void => undefined;
  private resolveGone = (): void => undefined;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly listener: ConnectionListener,
  ) {
    this.opened = new Promise((resolve) => (this.resolveOpened = resolve));
    this.gone = new Promise((resolve) => (this.resolveGone = resolve));
    this.guard = new FloodGuard(options.maxFrameBytes);
    this.reader = new FrameReader(
      options.maxFrameBytes,
      (frame) => {
        if (this.failure === null) this.take(frame);
      },
      (bytes) => {
        this.makeRoom(bytes);
      },
    );
    this.connectTimer = setTimeout(() => {
      this.drop(createTimeoutFailure(this.phase, options.connectTimeoutMs));
    }, options.connectTimeoutMs);
    // It starts later, because it may fail at once, before the owner holds this connection.
    queueMicrotask(() => void this.start());
  }

  /** `true`: a body waits for room, so nothing is read. */
  get isHeld(): boolean {
    return this.place?.isInside === false;
  }

  /** Sends one JSON-RPC request; only after `opened`. */
  send(request: string): void {
    if (this.failure !== null) return;
    this.socket?.write(
      encodeFrame("SEND", { destination: "jms.topic.vdsm_requests", "reply-to": this.replyQueue }, request),
    );
  }

  /** Ends the connection with this failure. */
  drop(failure: ConnectionFailureError): void {
    if (this.failure !== null) return;
    this.failure = failure;
    clearTimeout(this.connectTimer);
    this.watch?.stop();
    this.place?.leave();
    this.place = null;
    if (this.socket === null) this.resolveGone();
    else this.socket.destroy();
    this.listener.onFailed(failure);
  }

  private async start(): Promise<void> {
    const { host, port, tls, closed } = this.options;
    if (this.isOver()) return;
    try {
      const credentials = tls === null ? null : await tls();
      if (this.isOver()) return;
      this.phase = "dial";
      this.attach(dial(host, port, credentials, closed), credentials !== null);
    } catch (error) {
      // The error of reading our files has their paths, which readers of the graph must not see.
      const what = tls === null ? "it cannot be dialled" : OWN_FILES_FAIL;
      this.drop(
        new ConnectionFailureError(tls === null ? "unreachable" : "untrusted", what, null, { cause: error }),
      );
    }
  }

  private countUnasked(): void {
    if (!this.guard.admitUnasked()) this.drop(createFloodFailure());
  }

  private isOver(): boolean {
    return this.failure !== null;
  }

  private attach(socket: Socket, tls: boolean): void {
    this.socket = socket;
    const greet = () => {
      this.phase = "greeting";
      this.greet(socket);
    };
    socket.once("connect", () => {
      if (tls) this.phase = "handshake";
      else greet();
    });
    if (tls) socket.once("secureConnect", greet);
    socket.on("data", (chunk: Buffer) => {
      this.read(chunk);
    });
    socket.on("error", (error) => {
      this.drop(createSocketFailure(error, this.phase, tls));
    });
    socket.once("end", () => {
      this.drop(createSocketFailure(null, this.phase, tls));
    });
    socket.once("close", () => {
      this.drop(createSocketFailure(null, this.phase, tls));
      this.resolveGone();
    });
  }

  /** Sends CONNECT. VDSM accepts only this version. We promise no heartbeats, because VDSM tolerates no late ones. */
  private greet(socket: Socket): void {
    const { host, heartbeatMs } = this.options;
    socket.write(
      Buffer.concat([
        encodeFrame("CONNECT", { "accept-version": "1.2", host, "heart-beat": `0,${heartbeatMs}` }),
        encodeFrame("SUBSCRIBE", { destination: this.replyQueue, id: this.subscription, ack: "auto" }),
      ]),
    );
  }

  private read(chunk: Buffer): void {
    if (this.failure !== null) return;
    this.watch?.noteReceived();
    if (!this.guard.admitPiece(chunk.length)) {
      this.drop(createFloodFailure());
      return;
    }
    try {
      this.reader.read(chunk);
    } catch (error) {
      this.drop(
        error instanceof ConnectionFailureError
          ? error
          : new ConnectionFailureError("protocol", "unreadable bytes", null, { cause: error }),
      );
    }
  }

  /** Reads no more of the host until there is room. Its heartbeats wait with the body. */
  private makeRoom(bytes: number): void {
    if (this.failure !== null) return;
    this.place = this.options.rooms.enter(bytes, {
      host: this.options,
      onAdmitted: () => {
        this.startWatch();
        this.socket?.resume();
      },
      onOverdue: () => {
        this.drop(new ConnectionFailureError("timeout", OVERDUE));
      },
    });
    if (!this.isHeld) return;
    this.watch?.stop();
    this.socket?.pause();
  }

  private take(frame: Frame): void {
    const { place } = this;
    this.place = null;
    const reading = this.receive(frame);
    place?.noteComplete(reading !== null);
    const leave = () => place?.leave();
    if (reading === null) leave();
    else void reading.then(leave, leave);
  }

  /** Returns a promise that resolves when the frame has been read; `null`: it has been. */
  private receive(frame: Frame): Promise<void> | null {
    const isOpen = this.phase === "open";
    if (frame.command === "MESSAGE" && isOpen) return this.deliver(frame);
    if (frame.command === "CONNECTED" && !isOpen) this.open(frame);
    else if (frame.command === "ERROR")
      this.drop(createRefusalFailure(frame.headers.get("message") ?? frame.body.toString("utf8", 0, 200)));
    else if (frame.command === "RECEIPT" && isOpen) this.countUnasked();
    else {
      this.drop(
        new ConnectionFailureError(
          "protocol",
          `${formatOneLine(frame.command.slice(0, 20))} where none was due`,
        ),
      );
    }
    return null;
  }

  private open(frame: Frame): void {
    const version = frame.headers.get("version");
    if (version !== "1.2") {
      this.drop(new ConnectionFailureError("protocol", `the host speaks STOMP ${version ?? "1.0"}, not 1.2`));
      return;
    }
    this.phase = "open";
    clearTimeout(this.connectTimer);
    this.promisedMs = Number(/^(\d{1,9}),\d+$/.exec(frame.headers.get("heart-beat") ?? "")?.[1] ?? 0);
    this.startWatch();
    this.resolveOpened();
  }

  private startWatch(): void {
    if (this.promisedMs === 0) return;
    this.watch = new HeartbeatWatch(this.promisedMs, (limitMs) => {
      this.drop(new ConnectionFailureError("unreachable", `no sign of life for ${limitMs} ms`));
    });
  }

  private deliver(frame: Frame): Promise<void> | null {
    const isOurs = frame.headers.get("subscription") === this.subscription;
    const reading = isOurs ? this.listener.onMessage(frame.body) : null;
    if (reading === null) this.countUnasked();
    else this.guard.refund(frame.body.length);
    return reading;
  }
}

const OVERDUE =
  "the rest of a long answer did not come in time, while answers of other hosts waited for room";

const OWN_FILES_FAIL =
  "our own certificate, key or CA cannot be used; the log and `vnic-graph doctor` say which and why";
