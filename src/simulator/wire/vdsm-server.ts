import { createServer, type AddressInfo, type Server } from "node:net";
import type { Credentials } from "./certificates.js";
import type { Call } from "./dispatcher.js";
import { FaultScript } from "./faults.js";
import { HostEndpoint } from "./host-endpoint.js";
import { createTlsUpgrade } from "./tls-upgrade.js";
import type { VerbAnswers } from "./verbs.js";

/** The options of one simulated host. */
export interface VdsmServerOptions {
  /** The address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** The port; 0 or absent: any free one. */
  readonly port?: number;
  /** `null` or absent: plain TCP, as with `ssl=false` in vdsm.conf. Otherwise clients need a certificate of this CA. */
  readonly tls?: Credentials | null;
  readonly world: VerbAnswers;
  readonly faults?: FaultScript;
  /** How long a new connection may be without its first frame. VDSM allows 10 s. */
  readonly firstBytesMs?: number;
}

/** One simulated VDSM host. */
export interface VdsmServer {
  readonly port: number;
  readonly faults: FaultScript;
  /** The number of open connections. */
  readonly connections: number;
  /** The number of connections accepted so far. */
  readonly accepted: number;
  /** The latest calls (at least 5,000), in order, with those that met scripted faults. */
  readonly calls: readonly Call[];
  /** Resolves with the next call; of this verb, if one is given. */
  waitForCall(verb?: string): Promise<Call>;
  /** Sends an event to all subscribers of `jms.queue.events`. */
  notify(method: string, params: Readonly<Record<string, unknown>>): void;
  /** Does the same as `notify`, but composes the event only if there is a subscriber. */
  notifyLazily(method: string, params: () => Readonly<Record<string, unknown>>): void;
  /** Resets every open connection. New ones are accepted. */
  dropConnections(): void;
  /** Switches the host off: resets its connections and refuses new ones until `switchOn`. */
  switchOff(): Promise<void>;
  /** Lets the host listen again, on the same port. */
  switchOn(): Promise<void>;
  /** Ends everything; resolves when the port is free. */
  stop(): Promise<void>;
}

/** Starts one simulated host. Resolves when it listens. */
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
    waitForCall: (verb) => end.dispatcher.waitForCall(verb ?? null),
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
    // A thousand clients may connect at once; the system's own limit still applies.
    server.listen({ port, host, backlog: 4_096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Closes a server. Resolves when its connections are closed, too, or if it did not listen. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
