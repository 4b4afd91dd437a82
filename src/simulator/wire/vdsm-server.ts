import { createServer, type AddressInfo, type Server } from "node:net";
import type { Credentials } from "./certificates.js";
import type { Call } from "./dispatcher.js";
import { FaultScript } from "./faults.js";
import { HostEndpoint } from "./host-endpoint.js";
import { createTlsUpgrade } from "./tls-upgrade.js";
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
  /** The latest verbs (5,000 at least) that were asked for, in order, scripted faults included. */
  readonly calls: readonly Call[];
  /** Resolves with the next call (of this verb, when one is named). */
  nextCall(verb?: string): Promise<Call>;
  /** Sends an event to everybody who is subscribed to `jms.queue.events`. */
  notify(method: string, params: Readonly<Record<string, unknown>>): void;
  /** Does the same as `notify`, but composes the event only if somebody listens. */
  notifyLazily(method: string, params: () => Readonly<Record<string, unknown>>): void;
  /** Resets every open connection; new ones are welcome. */
  dropConnections(): void;
  /** Switches the host off: resets its connections and refuses new ones until `switchOn`. */
  switchOff(): Promise<void>;
  /** Lets the host listen again, on the same port. */
  switchOn(): Promise<void>;
  /** Ends everything; resolves when the port is free. */
  stop(): Promise<void>;
}

/** Starts one VDSM host; resolves when it listens. */
export async function startVdsmServer(options: VdsmServerOptions): Promise<VdsmServer> {
  const faults = options.faults ?? new FaultScript();
  const upgrade = options.tls ? createTlsUpgrade(options.tls) : null;
  const end = new HostEndpoint(options.world, faults, upgrade, options.firstBytesMs ?? 10_000);
  const host = options.host ?? "127.0.0.1";
  const server = createServer((socket) => {
    end.accept(socket);
  });
  await listen(server, options.port ?? 0, host);
  const { port } = server.address() as AddressInfo;

  return {
    port,
    faults,
    calls: end.dispatcher.calls,
    get connections() {
      return end.open;
    },
    get accepted() {
      return end.accepted;
    },
    nextCall: (verb) => end.dispatcher.nextCall(verb ?? null),
    notify(method, params) {
      end.notify(method, () => params);
    },
    notifyLazily(method, params) {
      end.notify(method, params);
    },
    dropConnections() {
      end.reset();
    },
    switchOff: () => {
      const closed = closeServer(server);
      end.reset();
      return closed;
    },
    switchOn: () => listen(server, port, host),
    stop: () => {
      const closed = closeServer(server);
      end.destroy();
      return closed;
    },
  };
}

/** Resolves when a server listens; rejects when it cannot. */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // A thousand clients may dial at once; the system's own limit still holds.
    server.listen({ port, host, backlog: 4_096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Resolves when a server and all its connections are closed; one that does not listen is closed already. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
