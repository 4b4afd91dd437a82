import { connect as openSocket, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { addVms, storedVm } from "../../store/changes/log-fixtures.js";
import { eventually } from "../../support/eventually.js";
import { connect, startLiveServer, subscribe } from "./live-server.js";

const QUERY = "subscription { guestNetworkChanged { kind cursor } }";
const INIT = '{"type":"connection_init"}';
const HANDSHAKE =
  "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
const SUBSCRIBE = JSON.stringify({ type: "subscribe", id: "1", payload: { query: QUERY } });

describe("WebSockets on which nonsense is sent", () => {
  test.each<[what: string, frames: readonly (string | Buffer)[], code: number, reason: RegExp]>([
    ["an empty message", [""], 4_400, /Invalid message received/],
    ["half of JSON", ["{"], 4_400, /Invalid message received/],
    ["null", ["null"], 4_400, /Invalid message received/],
    ["a list", ["[]"], 4_400, /Invalid message received/],
    ["an unknown type", ['{"type":"nothing"}'], 4_400, /Invalid message received/],
    ["parameters that are no object", ['{"type":"connection_init","payload":7}'], 4_400, /Invalid message/],
    ["bytes that are no text", [Buffer.from([0xff, 0xfe, 0])], 4_400, /Invalid message received/],
    ["a subscription before the greeting", [SUBSCRIBE], 4_401, /Unauthorized/],
    ["no greeting at all", [], 4_408, /Connection initialisation timeout/],
    ["a second greeting", [INIT, INIT], 4_429, /Too many initialisation requests/],
    ["an id that is in use", [INIT, SUBSCRIBE, SUBSCRIBE], 4_409, /Subscriber for 1 already exists/],
    ["a message that is too large", ["x".repeat(2_000)], 1_009, /^$/],
  ])(
    "are closed with a code and a reason for %s, and the server goes on",
    async (_, frames, code, reason) => {
      // Who greets nobody is waited for in that case alone; the client afterwards has its own time.
      const initMs = frames.length === 0 ? 1_000 : 60_000;
      const { server, database } = await startLiveServer({ limits: { frameBytes: 1_000, initMs } });
      await addVms(database.store, [storedVm(1)]);
      const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
      const [first, ...others] = frames;
      socket.on("open", () => {
        if (first !== undefined) socket.send(first);
      });
      // The greeting was answered.
      socket.once("message", () => {
        for (const frame of others) socket.send(frame);
      });
      const closed = await new Promise<{ code: number; reason: string }>((resolve) => {
        socket.on("error", () => undefined);
        socket.on("close", (its, text) => {
          resolve({ code: its, reason: text.toString() });
        });
      });
      expect(closed).toEqual({ code, reason: expect.stringMatching(reason) as unknown });
      const received = subscribe(connect(server), QUERY);
      await eventually(() => {
        expect(received.answers).toHaveLength(1);
      });
    },
  );

  test.each<[what: string, send: (socket: Socket) => void]>([
    [
      "fragments",
      (socket) => {
        // Text, not final, of one byte; then its continuations.
        const part = (opcode: number) => Buffer.from([opcode, 0x81, 0, 0, 0, 0, 0x78]);
        socket.write(Buffer.concat([part(1), ...Array.from({ length: 1_100 }, () => part(0))]));
      },
    ],
    [
      "packets",
      (socket) => {
        socket.setNoDelay(true);
        // One frame of 100,000 bytes.
        socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0]));
        const drip = (): void => {
          if (!socket.destroyed) socket.write("x", () => setImmediate(drip));
        };
        drip();
      },
    ],
  ])("are closed where a message comes in thousands of %s of a byte", async (_what, send) => {
    const { server } = await startLiveServer({ limits: { initMs: 60_000 } });
    const socket = openSocket(server.port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    socket.write(HANDSHAKE);
    await new Promise((resolve) => socket.once("data", resolve));
    const closed = new Promise<number>((resolve) => {
      socket.on("data", (frame: Buffer) => {
        if (frame[0] === 0x88) resolve(frame.readUInt16BE(2));
      });
    });
    send(socket);
    // A policy violation, of RFC 6455.
    expect(await closed).toBe(1_008);
  });

  test("are cut off where a client that greets nobody does not answer the close either", async () => {
    const { server } = await startLiveServer({ limits: { initMs: 200 } });
    const socket = openSocket(server.port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(HANDSHAKE);
    // The library would wait for half a minute, and the runner does not.
    await new Promise((resolve) => socket.once("close", resolve));
  });
});
