import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Credentials } from "./certificates.js";
import { Connection } from "./connection.js";
import { Dispatcher, type Call } from "./dispatcher.js";
import { FaultScript, type CallFault } from "./faults.js";
import { pythonJson } from "./python-json.js";
import { serverFrame } from "./stomp.js";
import { tlsUpgrade } from "./tls-upgrade.js";
import type { VerbAnswers } from "./verbs.js";

/** How one host listens. */
export interface VdsmServerOptions {
  /** The address to bind; left out, 127.0.0.1. */
  readonly host?: string;
  /** 0 or left out: any free port. */
  readonly port?: number;
  /** `null` or left out: plain TCP, as with `ssl=false` in vdsm.conf. Else a client certificate of this CA is required. */
  readonly tls?: Credentials | null;
  readonly world: VerbAnswers;
  readonly faults?: FaultScript;
  /** How long a new connection may stay without its first frame. VDSM grants 10 s. */
  readonly firstBytesMs?: number;
}

/** One VDSM host on the wire. */
export interface VdsmServer {
  readonly port: number;
  readonly faults: FaultScript;
  /** Open connections, at this moment. */
  readonly connections: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Every verb that was asked for, in order, scripted faults included. */
  readonly calls: readonly Call[];
  /** Resolves with the next call (of this verb, when one is named). */
  nextCall(verb?: string): Promise<Call>;
  /** Sends an event to everybody who is subscribed to `jms.queue.events`. */
  notify(method: string, params: Readonly<Record<string, unknown>>): void;
  /** Resets every open connection; new ones are welcome. */
  dropConnections(): void;
  /** Ends everything; resolves when the port is free. */
  stop(): Promise<void>;
}

const EVENTS = "jms.queue.events";

/** Starts one VDSM host; resolves when it listens. */
export async function startVdsmServer(options: VdsmServerOptions): Promise<VdsmServer> {
  const faults = options.faults ?? new FaultScript();
  const connections = new Set<Connection>();
  const sockets = new Set<Socket>();
  const upgrade = options.tls ? tlsUpgrade(options.tls) : null;
  let accepted = 0;

  const broadcast = (destination: string, text: string, fault: CallFault | null) => {
    for (const connection of connections)
      connection.deliver(destination, (id) => message(destination, id, text), fault);
  };
  const dispatcher = new Dispatcher(options.world, faults, broadcast);

  const open = (socket: Socket, stream: Duplex, mute: boolean, beats: boolean, refuse: boolean) => {
    if (mute) {
      stream.resume();
      return;
    }
    const connection = new Connection(socket, stream, dispatcher, {
      beats,
      refuse,
      firstBytesMs: options.firstBytesMs ?? 10_000,
    });
    connections.add(connection);
    stream.once("close", () => connections.delete(connection));
  };

  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client that goes away is no error of the host; "close" follows and tidies up.
    socket.on("error", () => undefined);
    const fault = faults.takeForConnection()?.kind ?? null;
    if (fault === "slow-tls") return;
    const speak = (stream: Duplex) => {
      open(socket, stream, fault === "mute", fault !== "no-heartbeats", fault === "close-before-connected");
    };
    if (upgrade === null) speak(socket);
    else upgrade(socket, speak);
  });
  await listening(server, options.port ?? 0, options.host ?? "127.0.0.1");

  return {
    port: (server.address() as AddressInfo).port,
    faults,
    calls: dispatcher.calls,
    get connections() {
      return sockets.size;
    },
    get accepted() {
      return accepted;
    },
    nextCall: (verb) => dispatcher.nextCall(verb ?? null),
    notify(method, params) {
      broadcast(EVENTS, pythonJson({ jsonrpc: "2.0", method, params }), null);
    },
    dropConnections() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const connection of connections) connection.destroy();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Headers in the order in which VDSM writes them; there is no `message-id`. */
function message(destination: string, subscription: string, text: string): Buffer {
  const headers = [
    ["destination", destination],
    ["content-type", "application/json"],
    ["subscription", subscription],
  ] as const;
  return serverFrame("MESSAGE", headers, text);
}

function listening(server: ReturnType<typeof createServer>, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
