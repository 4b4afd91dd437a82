import { afterEach, expect, test } from "vitest";
import { createVdsmClient, type VdsmClient } from "../../src/vdsm/vdsm-client.js";
import { FloodGuard } from "../../src/vdsm/wire/flood-guard.js";
import { startRawHost, type RawHost } from "./fixtures/raw-host.js";
import { encodeMessage, resultText } from "./fixtures/wire.js";

let host: RawHost | null = null;
let client: VdsmClient | null = null;

afterEach(async () => {
  await client?.close();
  await host?.stop();
});

const FLOODS: readonly [string, (queue: string, subscription: string) => Buffer][] = [
  ["heartbeats", () => Buffer.alloc(65_536, "\n")],
  ["messages of other subscriptions", (queue) => encodeMessage(queue, "another", "{}")],
  [
    "replies to nobody",
    (queue, subscription) => encodeMessage(queue, subscription, resultText("nobody", "true")),
  ],
  ["receipts", () => Buffer.from("RECEIPT\nreceipt-id:1\n\n\0")],
];

test.each(FLOODS)("a host that sends %s without end is dropped and left alone", async (_, flood) => {
  host = await startRawHost(({ socket, queue, subscription }) => {
    const bytes = Buffer.concat(Array.from({ length: 64 }, () => flood(queue, subscription)));
    const write = () => {
      while (!socket.destroyed && socket.write(bytes));
    };
    socket.on("drain", write);
    write();
  });
  client = createVdsmClient({ host: "127.0.0.1", port: host.port, tls: null, maxFrameBytes: 1_048_576 });
  await expect(client.ping2()).rejects.toMatchObject({
    kind: "protocol",
    message: expect.stringContaining("sends without end what nobody asked for"),
  });
  await expect(client.ping2()).rejects.toMatchObject({
    kind: "protocol",
    message: expect.stringMatching(/not asked for another \d+ s/),
  });
  expect(host.accepted).toBe(1);
});

test("answers that were asked for are no flood, however many", async () => {
  const filler = " ".repeat(900_000);
  host = await startRawHost(({ id, reply }) => {
    reply(resultText(id, `true${filler}`));
  });
  client = createVdsmClient({ host: "127.0.0.1", port: host.port, tls: null, maxFrameBytes: 1_048_576 });
  for (let call = 0; call < 20; call += 1) await client.ping2();
  expect(host.accepted).toBe(1);
});

test("receipts that nobody asked for count as messages do, not by their few bytes", async () => {
  let sent = 0;
  host = await startRawHost(({ socket, id, reply }) => {
    const receipts = Buffer.from("RECEIPT\n\n\0".repeat(100));
    for (; sent < 2_000; sent += 100) socket.write(receipts);
    reply(resultText(id, "true"));
  });
  client = createVdsmClient({ host: "127.0.0.1", port: host.port, tls: null, maxFrameBytes: 1_048_576 });
  await expect(client.ping2()).rejects.toMatchObject({
    message: expect.stringContaining("sends without end what nobody asked for"),
  });
});

test("an answer in pieces of one byte is a flood when it has cost as much as the largest in usual pieces", () => {
  const guard = new FloodGuard(1_048_576, () => 0);
  let pieces = 0;
  while (guard.admitPiece(1)) pieces += 1;
  expect(pieces).toBe(4_096);
});

test("a host's credit grows again with time", () => {
  let now = 0;
  const guard = new FloodGuard(0, () => now);
  expect(guard.admitPiece(1_048_576)).toBe(true);
  expect(guard.admitPiece(1_000)).toBe(false);
  now += 1_000;
  expect(guard.admitPiece(60_000)).toBe(true);
});
