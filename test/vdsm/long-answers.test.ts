import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createVdsmClient, type VdsmClient, type VdsmClientOptions } from "../../src/vdsm/vdsm-client.js";
import { ReadingRoom, type Place, type ReadingRooms } from "../../src/vdsm/wire/reading-room.js";
import { eventually } from "../support/eventually.js";
import { startRawHost, type Asked, type RawHost } from "./fixtures/raw-host.js";
import { encodeConnected, encodeMessage, resultText } from "./fixtures/wire.js";

const opened: (RawHost | { stop(): Promise<void> })[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.stop();
});

async function startHost(onRequest: (asked: Asked) => void): Promise<RawHost> {
  const host = await startRawHost(onRequest);
  opened.push(host);
  return host;
}

function openClient({ port }: RawHost, options: Partial<VdsmClientOptions>): VdsmClient {
  const client = createVdsmClient({ host: "127.0.0.1", port, tls: null, maxFrameBytes: MIB, ...options });
  opened.push({ stop: () => client.close() });
  return client;
}

const MIB = 1_048_576;

/** An answer of 900,000 bytes. */
function encodeAnswer({ id, queue, subscription }: Asked): Buffer {
  return encodeMessage(queue, subscription, resultText(id, `true${" ".repeat(900_000)}`));
}

/** Sends all of a long answer but its end. */
function stopMidway(asked: Asked): void {
  asked.socket.write(encodeAnswer(asked).subarray(0, -10));
}

test("of hosts that stop in the middle of a long answer few are read, and one that is well gets its turn", async () => {
  const rooms = new ReadingRoom(2 * MIB, 100);
  const bad = await Promise.all(Array.from({ length: 6 }, () => startHost(stopMidway)));
  const failures: unknown[] = [];
  const calls = bad.map((host) =>
    openClient(host, { rooms })
      .ping2()
      .catch((error: unknown) => failures.push(error)),
  );
  // Nobody waits for the last two, whichever they are.
  await eventually(() => {
    expect(failures).toHaveLength(4);
  });
  for (const failure of failures)
    expect(failure).toMatchObject({
      kind: "timeout",
      message: expect.stringContaining("did not come in time, while answers of other hosts waited for room"),
    });
  const good = await startHost(
    ({ socket, ...asked }) => void socket.write(encodeAnswer({ socket, ...asked })),
  );
  await openClient(good, { rooms }).ping2();
  for (const host of opened.toReversed().slice(0, -6)) await host.stop();
  await Promise.all(calls);
});

/** A heartbeat each second is promised, and none comes. */
function promiseHeartbeats(socket: Socket): void {
  socket.write(encodeConnected("1000,0"));
}

test("an answer that waits for room is not read, and its host's silence does not count meanwhile", async () => {
  const room = new ReadingRoom(2 * MIB, 3_600_000);
  const places: Place[] = [];
  const rooms: ReadingRooms = {
    enter: (bytes, sender) => {
      const place = room.enter(bytes, sender);
      places.push(place);
      return place;
    },
  };
  let isDone = false;
  for (const host of [1, 2])
    rooms.enter(MIB, { host: { host }, onAdmitted: () => undefined, onOverdue: () => undefined });
  const host = await startRawHost((asked) => void asked.socket.write(encodeAnswer(asked)), promiseHeartbeats);
  opened.push(host);
  const call = openClient(host, { rooms })
    .ping2()
    .then(() => (isDone = true));
  await eventually(() => {
    expect(places).toHaveLength(3);
  });
  // Another host, connected later, is given up for the same silence.
  const silent = await startRawHost(() => undefined, promiseHeartbeats);
  opened.push(silent);
  await expect(openClient(silent, {}).ping2()).rejects.toMatchObject({
    message: expect.stringContaining("no sign of life"),
  });
  expect([isDone, places[2]?.isInside]).toEqual([false, false]);
  places[0]?.leave();
  await call;
});
