import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startVdsmServer, type VdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { ClientFrameReader, StompError } from "../../src/simulator/wire/stomp.js";
import { createWorld } from "../../src/simulator/world/world.js";
import { call, hello, RawPeer } from "./raw-peer.js";

let server: VdsmServer;

beforeAll(async () => {
  const world = createWorld({ hosts: ["host1"] });
  world.addVm({ name: "vm-1", host: "host1", id: "11111111-1111-4111-8111-111111111111" });
  server = await startVdsmServer({ world: world.createAnswers("host1") });
});

afterAll(() => server.stop());

/** What clients say, well and badly; the rest of the stream follows each. */
const PIECES = [
  call("Host.ping2", {}, "a"),
  call("Host.getVMList", { text: "ü😀" }, 2),
  call("VM.getStats", { vmID: "none" }, 3),
  call("Host.ping2", null, 4),
  "\n",
  "\r\n\n",
  "SUBSCRIBE\ndestination:q\n\n\0",
  "SUBSCRIBE\r\ndestination:q\r\nid:again\r\n\r\n\0",
  "UNSUBSCRIBE\nid:again\n\n\0",
  "DISCONNECT\nreceipt:r\n\n\0",
  "DISCONNECT\n\n\0",
  "ACK\nid:1\n\n\0",
  "SEND\nno colon\n\n\0",
  "CONNECT\naccept-version:1.1\n\n\0",
  "SEND\ndestination:nowhere\ncontent-length:3\n\n\0\0\0\0",
];
const LAST_WORD = "DISCONNECT\nreceipt:last\n\n\0DISCONNECT\n\n\0";

async function readAnswerTo(chunks: readonly Buffer[]): Promise<string> {
  const peer = await RawPeer.dial(server.port);
  peer.socket.setNoDelay(true);
  for (const chunk of chunks) {
    peer.send(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await peer.closed;
  return peer.text;
}

test("a host answers the same bytes in the same way, wherever they are cut", async () => {
  const conversation = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(conversation, fc.array(fc.nat(2_000), { maxLength: 12 }), async (pieces, cuts) => {
      const bytes = Buffer.from(hello() + pieces.join("") + LAST_WORD);
      expect(await readAnswerTo(cut(bytes, cuts))).toBe(await readAnswerTo([bytes]));
    }),
    { numRuns: 60 },
  );
});

test("any bytes give the same frames and the same end, wherever they are cut", () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each)),
    fc.constantFrom(...PIECES).map((each) => Buffer.from(each)),
    fc.constantFrom("content-length:", "\n\n", "\0", "SEND\n", "a:b\n").map((each) => Buffer.from(each)),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 8 }), fc.array(fc.nat(400)), (parts, cuts) => {
      const bytes = Buffer.concat(parts);
      expect(cutFrames(cut(bytes, cuts))).toEqual(cutFrames([bytes]));
    }),
    { numRuns: 500 },
  );
});

function cutFrames(chunks: readonly Buffer[]): unknown[] {
  const reader = new ClientFrameReader();
  const seen: unknown[] = [];
  try {
    for (const chunk of chunks) {
      for (const { command, headers, body } of reader.read(chunk)) {
        seen.push([command, [...headers], body.toString("latin1")]);
      }
    }
  } catch (error) {
    expect(error).toBeInstanceOf(StompError);
    seen.push("closed");
  }
  return seen;
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((each) => each % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
}
