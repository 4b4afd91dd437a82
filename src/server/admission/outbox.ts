import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { Logger } from "pino";
import type { Limits } from "../../model/limits.js";
import { PART_BYTES } from "../sending/answer-memory.js";
import { PiecesStream, SLICE_BYTES } from "../sending/pieces-stream.js";

/** Holds the answers that are being sent. It bounds their bytes in total, and cuts off clients that do not read. */
export interface Outbox {
  /** Bytes that answers hold which are made and not yet sent. */
  readonly unsentBytes: number;
  /**
   * Counts an answer, and returns what is to be sent: large answers go out in slices, so that progress shows. While all
   * answers together are too large, it cuts off the clients that read most slowly. The caller removes the answer after
   * sending it. `length` is the number of bytes of an answer that is cut up here; `null`: Node counts it, or nobody knows it.
   */
  add(
    socket: Socket,
    payload: unknown,
  ): { readonly sending: Sending | null; readonly sent: unknown; readonly length: number | null };
  /** Removes an answer that was sent, or never will be. */
  remove(sending: Sending | null): void;
  /** Stops watching. */
  close(): void;
}

/** One answer on its way. */
export interface Sending {
  readonly socket: Socket;
  /** The bytes that the answer holds. For a stream, the bytes of its last piece. */
  bytes: number;
  readonly endsAt: number;
  seenBytes: number;
  progressAt: number;
  /** A stream's next piece is being made. */
  isAwaited: boolean;
  /** After how many milliseconds without a byte Node ends the connection of a stream; `null`: it is no stream. */
  readonly idleMs: number | null;
}

/** The slowest line that an answer is meant for: 512 kbit/s. */
const SLOWEST_BYTES_PER_MS = 64;

const LOOK_MS = 1_000;

/** Creates an empty outbox. */
export function createOutbox(limits: Pick<Limits, "unsentBytes" | "sendMs">, log: Logger): Outbox {
  const sendings = new Set<Sending>();
  let unsentBytes = 0;
  let looking: NodeJS.Timeout | undefined;

  const remove = (sending: Sending | null): void => {
    if (sending === null || !sendings.delete(sending)) return;
    unsentBytes -= sending.bytes;
    if (sending.idleMs !== null && sending.socket.timeout === 0) sending.socket.setTimeout(sending.idleMs);
  };
  /**
   * Notes progress: the socket has taken bytes since the last look. A socket takes no more than its buffer holds. A client that has taken all
   * that there is waits for us, and not we for the client; then nothing is held for it.
   */
  const noteProgress = (sending: Sending, now: number): void => {
    const { bytesWritten, writableLength } = sending.socket;
    const waitsForUs = sending.isAwaited && writableLength === 0;
    if (bytesWritten === sending.seenBytes && !waitsForUs) return;
    sending.seenBytes = bytesWritten;
    sending.progressAt = now;
    if (!waitsForUs) return;
    unsentBytes -= sending.bytes;
    sending.bytes = 0;
  };
  const cutOff = (sending: Sending, reason: string): void => {
    const { bytes, socket } = sending;
    remove(sending);
    log.warn({ address: socket.remoteAddress, bytes, reason }, "answer not read, connection closed");
    socket.destroy();
  };
  const look = (): void => {
    if (sendings.size === 0) {
      clearInterval(looking);
      looking = undefined;
    }
    const now = performance.now();
    for (const sending of sendings) {
      noteProgress(sending, now);
      if (now > sending.endsAt || now - sending.progressAt > limits.sendMs) {
        cutOff(sending, "the client reads too slowly");
      }
    }
  };
  const makeRoom = (newest: Sending): void => {
    const now = performance.now();
    while (unsentBytes > limits.unsentBytes) {
      const others = [...sendings].filter((each) => each !== newest);
      for (const each of others) noteProgress(each, now);
      if (unsentBytes <= limits.unsentBytes) return;
      const slowest = others.reduce<Sending | undefined>(
        (worst, each) => (worst === undefined || isSlower(each, worst) ? each : worst),
        undefined,
      );
      if (slowest === undefined) return;
      cutOff(slowest, "all answers together are too large");
    }
  };

  /** Passes a stream on, and counts the bytes of its last piece, which is all that it holds at a time. */
  const countPieces = (stream: Readable, sending: Sending): Readable => {
    const pass = async function* () {
      for await (const piece of stream as AsyncIterable<string | Buffer>) {
        sending.isAwaited = false;
        if (sendings.has(sending)) {
          const bytes = Math.max(SLICE_BYTES, Buffer.byteLength(piece));
          unsentBytes += bytes - sending.bytes;
          sending.bytes = bytes;
          makeRoom(sending);
        }
        yield piece;
        sending.isAwaited = true;
      }
    };
    const { readableObjectMode: objectMode, readableHighWaterMark: highWaterMark } = stream;
    const counted = Readable.from(pass(), { objectMode, highWaterMark });
    // If nothing was read yet, the generator has not begun, and would never end the stream.
    counted.once("close", () => stream.destroy());
    return counted;
  };

  return {
    remove,
    get unsentBytes() {
      return unsentBytes;
    },
    add(socket, payload) {
      const length = findBytes(payload);
      const bytes = weighPayload(payload, length);
      if (bytes === 0 || socket.destroyed) return { sending: null, sent: payload, length: null };
      const now = performance.now();
      // The length of a stream is not known, so it has no end time; it may go on as long as its reader makes progress.
      const allowedMs = length === null ? Infinity : limits.sendMs + length / SLOWEST_BYTES_PER_MS;
      const isStream = payload instanceof Readable && !(payload instanceof PiecesStream);
      const sending: Sending = {
        socket,
        bytes,
        endsAt: now + allowedMs,
        seenBytes: socket.bytesWritten,
        progressAt: now,
        isAwaited: isStream,
        idleMs: isStream ? (socket.timeout ?? 0) : null,
      };
      sendings.add(sending);
      unsentBytes += bytes;
      // A piece may take longer to make than Node waits for a byte. Whether the client reads is watched here.
      if (isStream) socket.setTimeout(0);
      // The timer runs on for a moment when nothing is left, since the next answer is usually near. No process waits
      // for it.
      looking ??= setInterval(look, LOOK_MS).unref();
      makeRoom(sending);
      if (payload instanceof PiecesStream) return { sending, sent: payload, length };
      if (payload instanceof Readable) return { sending, sent: countPieces(payload, sending), length: null };
      if (length === null || length <= SLICE_BYTES) return { sending, sent: payload, length: null };
      const buffer = typeof payload === "string" ? Buffer.from(payload) : (payload as Buffer);
      return { sending, sent: Readable.from(cutIntoPieces(buffer)), length };
    },
    close() {
      clearInterval(looking);
      sendings.clear();
    },
  };
}

/** Finds the number of an answer's bytes; `null`: there is none, or nobody knows it. */
function findBytes(payload: unknown): number | null {
  if (typeof payload === "string" || Buffer.isBuffer(payload)) return Buffer.byteLength(payload);
  return payload instanceof PiecesStream ? payload.bytes : null;
}

/** Estimates the bytes that an answer holds until it is sent. One in memory that answers share holds all of its parts. */
function weighPayload(payload: unknown, length: number | null): number {
  if (length === null) return payload instanceof Readable ? SLICE_BYTES : 0;
  // One slice is being sent, and the next one is ready.
  if (payload instanceof PiecesStream) return Math.max(length, 2 * PART_BYTES);
  const isShared = Buffer.isBuffer(payload) && payload.buffer.byteLength === PART_BYTES;
  return isShared ? PART_BYTES : length;
}

/** Compares two by what to cut off first. One that holds nothing comes last: to cut it off makes no room. */
function isSlower(one: Sending, other: Sending): boolean {
  if ((one.bytes === 0) !== (other.bytes === 0)) return other.bytes === 0;
  return one.progressAt === other.progressAt ? one.bytes > other.bytes : one.progressAt < other.progressAt;
}

function* cutIntoPieces(buffer: Buffer): Generator<Buffer> {
  for (let at = 0; at < buffer.length; at += SLICE_BYTES) yield buffer.subarray(at, at + SLICE_BYTES);
}
