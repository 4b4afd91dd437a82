import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import Fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { answerOneAtATime } from "../../src/server/admission/one-at-a-time.js";
import { listen } from "../../src/server/listen.js";
import { createShutdown } from "../../src/server/shutdown.js";
import { hasIpv6 } from "../support/processes/tcp.js";

const ADDRESSES = hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"];

/** A server of `localhost` on a machine where that name has two addresses. */
async function startLocal() {
  const app = Fastify({ forceCloseConnections: "idle" });
  answerOneAtATime(app.server);
  const shutdown = createShutdown(app, { stop: () => Promise.resolve() }, { endAll: () => undefined });
  app.get("/", () => "answer\n");
  await listen(app, { host: "localhost", port: 0 }, () => Promise.resolve(ADDRESSES));
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { port, shutdown };
}

function open(port: number, address: string) {
  const socket = connect(port, address);
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

test.each(ADDRESSES)(
  "localhost is served with the same limits at each of its addresses: %s",
  async (address) => {
    const { port } = await startLocal();
    const honest = open(port, address);
    honest.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(String((await once(honest, "data"))[0])).toMatch(/^HTTP\/1\.1 200/);
    const flood = open(port, address);
    const closed = once(flood, "close");
    flood.resume();
    flood.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100));
    await closed;
  },
);

test.each(ADDRESSES)("a silent connection does not hold up the end of localhost: %s", async (address) => {
  const { port, shutdown } = await startLocal();
  const silent = open(port, address);
  await once(silent, "connect");
  const closed = once(silent, "close");
  silent.resume();
  // Never cut off by the end of its time.
  await Promise.all([shutdown.drain({ timeoutMs: 1_000_000 }), closed]);
  for (const each of ADDRESSES) {
    const refused = connect(port, each);
    const [error] = (await once(refused, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  }
});
