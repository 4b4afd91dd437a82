import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createDataSource } from "../../../src/store/postgres/data-source.js";

test("F12: a server that says goodbye in the packet in which it greets costs a query, not the process", async () => {
  let greeted = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      greeted += 1;
      const goodbye = "SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0";
      // AuthenticationOk, ReadyForQuery, ErrorResponse.
      socket.end(Buffer.concat([message("R", "\0\0\0\0"), message("Z", "I"), message("E", goodbye)]));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const dataSource = createDataSource(`postgres://u:p@127.0.0.1:${port}/d`);
  // What is thrown past everybody fails the run.
  await expect(dataSource.initialize()).rejects.toThrow();
  expect(greeted).toBeGreaterThan(0);
  server.close();
});

function message(type: string, body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(4 + Buffer.byteLength(body));
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body)]);
}
