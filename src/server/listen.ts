import { lookup } from "node:dns/promises";
import { createServer } from "node:net";
import type { FastifyInstance } from "fastify";

/** Listens, or fails with one line that says what to do. The name `localhost` stands for all its addresses. */
export async function listen(
  app: FastifyInstance,
  where: { host: string; port: number },
  findAddresses: (name: string) => Promise<readonly string[]> = lookUp,
): Promise<void> {
  try {
    const [first = where.host, ...others] =
      where.host === "localhost" ? await findAddresses(where.host) : [where.host];
    const further = others.map((host) => ({ host, listener: createListener(app) }));
    await app.listen({ ...where, host: first, backlog: BACKLOG });
    const address = app.server.address();
    const port = typeof address === "object" && address !== null ? address.port : where.port;
    for (const { host, listener } of further) await listener.open(host, port);
  } catch (cause) {
    await app.close();
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new Error(`cannot listen on ${where.host} port ${where.port}: ${reason}`, { cause });
  }
}

/**
 * Creates a listener at a further address of the same server. Fastify itself would create a second server for it,
 * without the limits, the shutdown and the certificates of the first.
 */
function createListener(app: FastifyInstance): { open(host: string, port: number): Promise<void> } {
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    app.server.emit("connection", socket);
  });
  let closed = Promise.resolve();
  app.addHook("preClose", (done) => {
    if (listener.listening)
      closed = new Promise((resolve) =>
        listener.close(() => {
          resolve();
        }),
      );
    done();
  });
  app.addHook("onClose", () => closed);
  return {
    open: (host, port) =>
      new Promise((resolve) => {
        listener.once("error", () => {
          // A machine may have no address of this family; the first one is served.
          resolve();
        });
        listener.listen(port, host, BACKLOG, resolve);
      }),
  };
}

/**
 * Connections that the kernel may hold until they are accepted, unless its own limit is lower (`net.core.somaxconn` in
 * Linux). To accept as many takes a part of a second.
 */
const BACKLOG = 4_096;

async function lookUp(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is taken; end the other process, or set PORT (0 takes a free one)",
  EACCES: "this user may not; take a port above 1023",
  EADDRNOTAVAIL: "this machine does not have that address; set HOST to one of its own",
  ENOTFOUND: "that name has no address; set HOST to an address of this machine",
};
