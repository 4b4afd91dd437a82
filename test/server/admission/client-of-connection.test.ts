import { createServer, Agent, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createClientReader, type Client } from "../../../src/server/admission/client.js";

let server: Server;

afterEach(() => {
  server.close();
});

/** Asks on one connection, once for each list of headers. Returns what the reader found, and the number of connections. */
async function readClients(
  trustedProxies: readonly string[],
  asked: readonly Readonly<Record<string, string>>[],
): Promise<{ clients: Client[]; connections: number }> {
  const read = createClientReader({ trustedProxies, basePath: "", secure: false });
  const clients: Client[] = [];
  let connections = 0;
  server = createServer((incoming, response) => {
    clients.push(read(incoming));
    response.end();
  });
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const headers of asked) {
    await new Promise<void>((resolve, reject) => {
      request({ port, host: "127.0.0.1", agent, headers }, (response) => {
        response.resume().once("end", resolve);
      })
        .once("error", reject)
        .end();
    });
  }
  agent.destroy();
  return { clients, connections };
}

test("each request of a connection counts by the name that it calls the server by", async () => {
  const names = ["localhost", "localhost", "graph.example", "localhost"];
  const { clients, connections } = await readClients(
    [],
    names.map((host) => ({ host })),
  );
  expect(connections).toBe(1);
  expect(clients.map(({ host }) => host)).toEqual(names);
  expect(clients[1]).toBe(clients[0]);
});

test("each request of a trusted proxy's connection has the client that the proxy names", async () => {
  const addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.1"];
  const { clients, connections } = await readClients(
    ["127.0.0.1"],
    addresses.map((address) => ({ "x-forwarded-for": address })),
  );
  expect(connections).toBe(1);
  expect(clients.map(({ address }) => address)).toEqual(addresses);
});
