import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between a server and PostgreSQL, and counts the statements that pass. */
export interface CountingProxy {
  readonly port: number;
  /** How often each prepared statement ran since the last call, by its name. */
  take(): ReadonlyMap<string, number>;
  close(): void;
}

/** Starts a proxy to a PostgreSQL on this machine. */
export async function startCountingProxy(target: number): Promise<CountingProxy> {
  const sockets = new Set<Socket>();
  let counts = new Map<string, number>();
  const server = createServer((client) => {
    const database = connect(target, "127.0.0.1");
    for (const socket of [client, database]) {
      sockets.add(socket.setNoDelay(true));
      socket.on("error", () => undefined);
      socket.once("close", () => {
        client.destroy();
        database.destroy();
      });
    }
    const count = createCounter((name) => counts.set(name, (counts.get(name) ?? 0) + 1));
    client.on("data", count);
    client.pipe(database).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take: () => {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Reads what a client sends; calls for each Bind with the name of its statement. */
function createCounter(onBind: (name: string) => void): (chunk: Buffer) => void {
  let held = Buffer.alloc(0);
  let hasStarted = false;
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      // The first message has no letter in front of its length.
      const letter = hasStarted ? 1 : 0;
      if (held.length < letter + 4) return;
      const end = letter + held.readUInt32BE(letter);
      if (held.length < end) return;
      // "B", length, portal, statement.
      if (hasStarted && held[0] === BIND) onBind(readText(held, held.indexOf(0, 5) + 1));
      held = held.subarray(end);
      hasStarted = true;
    }
  };
}

function readText(bytes: Buffer, start: number): string {
  return bytes.toString("utf8", start, bytes.indexOf(0, start));
}

const BIND = 0x42;
