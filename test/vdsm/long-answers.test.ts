import { afterEach, expect, test } from "vitest";
import { createVdsmClient, type VdsmClient, type VdsmClientOptions } from "../../src/vdsm/vdsm-client.js";
import { ReadingRoom } from "../../src/vdsm/wire/reading-room.js";
import { eventually } from "../support/eventually.js";
import { startRawHost, type Asked, type RawHost } from "./fixtures/raw-host.js";
import { encodeMessage, resultText } from "./fixtures/wire.js";

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
  const calls = bad.map((host) => openClient(host, { rooms }).ping2());
  const failed = Promise.allSettled(calls);
  await expect(calls[0]).rejects.toMatchObject({
    kind: "timeout",
    message: expect.stringContaining("did not come in time, while answers of other hosts waited for room"),
  });
  const good = await startHost(
    ({ socket, ...asked }) => void socket.write(encodeAnswer({ socket, ...asked })),
  );
  await openClient(good, { rooms }).ping2();
  for (const host of opened.toReversed().slice(0, -6)) await host.stop();
  await failed;
});

test("an answer that waits for room is not read, and its host's silence does not count meanwhile", async () => {
  const rooms = new ReadingRoom(2 * MIB, 3_600_000);
  let isDone = false;
  const places = [1, 2].map((host) =>
    rooms.enter(MIB, { host: { host }, onAdmitted: () => undefined, onOverdue: () => undefined }),
  );
  let sent = 0;
  const host = await startRawHost(
    (asked) => {
      const answer = encodeAnswer(asked);
      const send = (at: number): void => {
        sent = at;
        if (at < answer.length)
          asked.socket.write(answer.subarray(at, at + 10_000), () => {
            send(at + 10_000);
          });
      };
      send(0);
    },
    // A heartbeat each 50 ms is promised, and none comes.
    (socket) => void socket.write("CONNECTED\nversion:1.2\nheart-beat:50,0\n\n\0"),
  );
  opened.push(host);
  const call = openClient(host, { rooms })
    .ping2()
    .then(() => (isDone = true));
  await eventually(() => {
    expect(sent).toBeGreaterThan(0);
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(isDone).toBe(false);
  places[0]?.leave();
  await call;
});
