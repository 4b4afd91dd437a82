import { describe, expect, test } from "vitest";
import WebSocket from "ws";
import { addVms, storedVm } from "../../store/changes/log-fixtures.js";
import { eventually } from "../../support/eventually.js";
import { connect, startLiveServer, subscribe } from "./live-server.js";

const QUERY = "subscription { guestNetworkChanged { kind cursor } }";
const INIT = '{"type":"connection_init"}';
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
      const { server, database } = await startLiveServer({ limits: { frameBytes: 1_000, initMs: 200 } });
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
});
