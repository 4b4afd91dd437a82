import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Connection } from "./connection.js";
import { Dispatcher } from "./dispatcher.js";
import type { CallFault, ConnectionFault, FaultScript } from "./faults.js";
import { formatPythonJson } from "./python-json.js";
import { encodeServerFrame } from "./stomp.js";
import type { TlsUpgrade } from "./tls-upgrade.js";
import type { VerbAnswers } from "./verbs.js";

const EVENTS = "jms.queue.events";

/** One host behind its listening socket: its connections, and the dispatcher that they share. */
export class HostEndpoint {
  readonly dispatcher: Dispatcher;
  /** Connections accepted so far. */
  accepted = 0;
  private readonly sockets = new Set<Socket>();
  private readonly connections = new Set<Connection>();

  constructor(
    world: VerbAnswers,
    private readonly faults: FaultScript,
    private readonly upgrade: TlsUpgrade | null,
    private readonly firstBytesMs: number,
  ) {
    this.dispatcher = new Dispatcher(world, faults, (destination, text, fault) => {
      this.broadcast(destination, text, fault);
    });
  }

  /** Returns how many connections are open now. */
  get open(): number {
    return this.sockets.size;
  }

  accept(socket: Socket): void {
    this.accepted += 1;
    this.sockets.add(socket);
    // Otherwise a small frame waits for the acknowledgement of the one before, and a reset loses it.
    socket.setNoDelay(true);
    socket.once("close", () => this.sockets.delete(socket));
    // A client that leaves is no error of the host; "close" follows and cleans up.
    socket.on("error", () => undefined);
    const fault = this.faults.takeForConnection()?.kind ?? null;
    if (fault === "slow-tls") socket.resume();
    else if (this.upgrade === null) this.startConversation(socket, socket, fault);
    else {
      this.upgrade(socket, (stream) => {
        this.startConversation(socket, stream, fault);
      });
    }
  }

  /** Sends an event to all subscribers. The event is composed only if there is one. */
  notify(method: string, params: () => Readonly<Record<string, unknown>>): void {
    if (![...this.connections].some((each) => each.isSubscribedTo(EVENTS))) return;
    this.broadcast(EVENTS, formatPythonJson({ jsonrpc: "2.0", method, params: params() }), null);
  }

  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  destroy(): void {
    for (const connection of this.connections) connection.destroy();
    for (const socket of this.sockets) socket.destroy();
  }

  private startConversation(socket: Socket, stream: Duplex, fault: ConnectionFault["kind"] | null): void {
    if (fault === "mute") {
      stream.resume();
      return;
    }
    const request = (body: string, replyTo: string | null) => {
      this.dispatcher.receive(body, replyTo);
    };
    const connection = new Connection(socket, stream, request, {
      beats: fault !== "no-heartbeats",
      refuse: fault === "close-before-connected",
      firstBytesMs: this.firstBytesMs,
    });
    this.connections.add(connection);
    stream.once("close", () => this.connections.delete(connection));
  }

  /** Sends a reply to all subscribers of its destination, whoever asked, as VDSM does. */
  private broadcast(destination: string, text: string, fault: CallFault | null): void {
    for (const connection of this.connections) {
      connection.deliver(destination, (id) => encodeMessage(destination, id, text), fault);
    }
  }
}

/** Encodes a message. Its headers have VDSM's order; there is no `message-id`. */
function encodeMessage(destination: string, subscription: string, text: string): Buffer {
  const headers = [
    ["destination", destination],
    ["content-type", "application/json"],
    ["subscription", subscription],
  ] as const;
  return encodeServerFrame("MESSAGE", headers, text);
}
