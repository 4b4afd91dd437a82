import { afterEach, expect, test } from "vitest";
import { Connection } from "../../../src/vdsm/wire/connection.js";
import { ConnectionFailureError } from "../../../src/vdsm/wire/connection-failure.js";
import type { ReadingRooms } from "../../../src/vdsm/wire/reading-room.js";
import { eventually } from "../../support/eventually.js";
import { startRawHost } from "../fixtures/raw-host.js";
import { encodeMessage } from "../fixtures/wire.js";

const opened: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.stop();
});

/** Connects to a host that answers with a body of two pieces, and lists what its place is told. */
async function receiveLongBody(reading: () => Promise<void> | null): Promise<string[]> {
  const notes: string[] = [];
  const rooms: ReadingRooms = {
    enter: () => ({
      isInside: true,
      noteComplete: (isAnswer) => notes.push(`complete, ${isAnswer ? "an answer" : "unasked"}`),
      leave: () => notes.push("left"),
    }),
  };
  const host = await startRawHost(({ socket, queue, subscription }) => {
    const message = encodeMessage(queue, subscription, "x".repeat(900_000));
    socket.write(message.subarray(0, 1_000), () => void socket.write(message.subarray(1_000)));
  });
  opened.push(host);
  const connection = new Connection(
    {
      host: "127.0.0.1",
      port: host.port,
      tls: null,
      rooms,
      closed: new AbortController().signal,
      connectTimeoutMs: 600_000,
      maxFrameBytes: 1_048_576,
      heartbeatMs: 600_000,
    },
    { onMessage: reading, onFailed: () => undefined },
  );
  opened.push({
    stop: async () => {
      connection.drop(new ConnectionFailureError("aborted", "the test is over"));
      await connection.gone;
    },
  });
  await connection.opened;
  connection.send(JSON.stringify({ jsonrpc: "2.0", method: "Host.ping2", params: {}, id: "1" }));
  await eventually(() => {
    expect(notes).toContain("left");
  });
  return notes;
}

test("a body is noted as an answer only if it answers a call", async () => {
  expect(await receiveLongBody(() => Promise.resolve())).toEqual(["complete, an answer", "left"]);
  expect(await receiveLongBody(() => null)).toEqual(["complete, unasked", "left"]);
});

test("a body that cannot be read gives its room back, and harms nobody", async () => {
  // Vitest fails at a rejection that nobody handles.
  const reading = () => Promise.reject(new Error("unreadable"));
  expect(await receiveLongBody(reading)).toEqual(["complete, an answer", "left"]);
});
