import { createServer, connect, type AddressInfo, type Socket } from "node:net";

/** How the bytes of new and present connections fare. */
type ProxyMode =
  /** They pass. */
  | "pass"
  /** They are taken and never passed on. Nothing is closed: a peer that lost its power, or a host that hangs. */
  | "hang"
  /** New connections are reset. */
  | "refuse";

/** A wire between a client and a server that can be disturbed. */
export interface Proxy {
  readonly port: number;
  /** Connections made through it so far. */
  readonly accepted: number;
  mode: ProxyMode;
  /** Resets all connections. */
  drop(): void;
  /** The present connections hang for ever; new ones follow the mode. A failover whose old side is just gone. */
  strand(): void;
  /** Where new connections go: another server has taken over. */
  target: { readonly host: string; readonly port: number };
  /** How long each chunk waits, in either direction; its order stays. */
  delayMs: () => number;
  /** The URL of a database, led through this proxy. */
  formatUrl(databaseUrl: string): string;
  stop(): Promise<void>;
}

/** Starts a proxy in front of a server. */
export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<Proxy> {
  const pairs = new Set<Pair>();
  const server = createServer((client) => {
    proxy.accepted += 1;
    if (proxy.mode === "refuse") client.resetAndDestroy();
    else pairs.add(new Pair(client, proxy, (pair) => pairs.delete(pair)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = {
    port: (server.address() as AddressInfo).port,
    accepted: 0,
    mode: "pass" as ProxyMode,
    target,
    delayMs: () => 0,
    drop: () => {
      for (const pair of pairs) pair.reset();
    },
    strand: () => {
      for (const pair of pairs) pair.isStranded = true;
    },
    formatUrl: (databaseUrl: string) => {
      const url = new URL(databaseUrl);
      url.hostname = "127.0.0.1";
      url.port = String(proxy.port);
      return url.href;
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
      proxy.drop();
      await closed;
    },
  };
  return proxy;
}

/** A proxy in front of the server of a database's URL. */
export function startDatabaseProxy(databaseUrl: string): Promise<Proxy> {
  const { hostname, port } = new URL(databaseUrl);
  return startProxy({ host: hostname.replaceAll(/[[\]]/g, ""), port: Number(port || 5432) });
}

class Pair {
  isStranded = false;
  private readonly server: Socket;

  constructor(
    private readonly client: Socket,
    private readonly proxy: {
      readonly mode: ProxyMode;
      readonly target: Proxy["target"];
      delayMs: () => number;
    },
    gone: (pair: Pair) => void,
  ) {
    this.server = connect(proxy.target);
    for (const [from, to] of [
      [client, this.server],
      [this.server, client],
    ] as const) {
      let last = Promise.resolve();
      from.on("data", (chunk) => {
        last = last.then(() => this.passOn(chunk, to));
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        if (this.isStranded || proxy.mode === "hang") {
          // The other side is not told: nothing comes through.
          if (from === client) gone(this);
          if (from === client) this.server.destroy();
          return;
        }
        gone(this);
        void last.then(() => {
          to.destroySoon();
        });
      });
    }
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }

  private async passOn(chunk: Buffer, to: Socket): Promise<void> {
    const delayMs = this.proxy.delayMs();
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (this.isStranded || this.proxy.mode === "hang" || to.destroyed) return;
    to.write(chunk);
  }
}
