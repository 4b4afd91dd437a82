import { randomInt } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";

/** Tells whether this machine has the loopback address of IPv6. Containers often have none. */
export const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

/**
 * Finds a port of 127.0.0.1 on which nobody listens now. It is below those that systems give to connections and to whoever
 * listens on port 0, so that none of these takes it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = await listening(createServer(), port).catch((error: unknown) => {
      if (isTaken(error)) return null;
      throw error;
    });
    if (server === null) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** Tells whether a port is in use, or is kept for others; another one may be free. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["EADDRINUSE", "EACCES"].includes(String(error.code));
}

/** Forwards connections from one local port to another. Closing it also ends its connections. */
export async function forward(from: number, to: number): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<{ destroy(): unknown }>();
  const server = createServer((client) => {
    const target = connect(to, "127.0.0.1");
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        client.destroy();
        target.destroy();
      });
    }
    client.pipe(target).pipe(client);
  });
  await listening(server, from);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listening(server: Server, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      resolve(server);
    });
  });
}
