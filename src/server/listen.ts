import type { FastifyInstance } from "fastify";

/** Listens, or fails with one line that says what to do. */
export async function listen(app: FastifyInstance, where: { host: string; port: number }): Promise<void> {
  try {
    await app.listen(where);
  } catch (cause) {
    await app.close();
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new Error(`cannot listen on ${where.host} port ${where.port}: ${reason}`, { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is taken; end the other process, or set PORT (0 takes a free one)",
  EACCES: "this user may not; take a port above 1023",
  EADDRNOTAVAIL: "this machine does not have that address; set HOST to one of its own",
  ENOTFOUND: "that name has no address; set HOST to an address of this machine",
};
