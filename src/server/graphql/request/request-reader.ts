import type { IncomingMessage } from "node:http";
import { HttpError } from "../../errors.js";
import { measureJsonDepth } from "./json-depth.js";
import { createOverloadedError } from "../../admission/places/places.js";
import type { Limits } from "../../../model/limits.js";

/** Reads request bodies; all of them together never hold more memory than one budget. */
export interface RequestReader {
  /** Reads the body. The caller gives its memory back by `release`. */
  read(payload: IncomingMessage): Promise<ReadBody>;
}

/** A body that has arrived completely. */
export interface ReadBody {
  readonly chunks: readonly Buffer[];
  /** Parses it as JSON, or throws what the client did wrong. */
  readonly parse: () => unknown;
  /** Gives its memory back. */
  readonly release: () => void;
}

/**
 * From this size on, a body waits for a turn of its own. One of 2 MiB takes some ten milliseconds to parse, and its
 * variables as long again to be checked.
 */
const LARGE_BYTES = 64 * 1024;

/** What a chunk takes in memory beside its bytes. A body of two million chunks of one byte would take half a gigabyte. */
const CHUNK_OVERHEAD_BYTES = 256;

/** The rest of a refused body is not read: the connection ends with the answer. */
const CLOSE = { connection: "close" };

/** Makes the one reader of a server. */
export function createRequestReader(limits: Limits): RequestReader {
  let buffered = 0;
  let lastTurn = Promise.resolve();
  /** Waits for a turn of the event loop in which no other large body is worked on. */
  const waitForTurn = (): Promise<void> => {
    lastTurn = lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
    return lastTurn;
  };
  return {
    async read(payload) {
      let [held, size] = [0, 0];
      const release = (): void => {
        buffered -= held;
        held = 0;
      };
      try {
        const account = (bytes: number): void => {
          held += bytes + CHUNK_OVERHEAD_BYTES;
          buffered += bytes + CHUNK_OVERHEAD_BYTES;
          size += bytes;
          if (size > limits.bodyBytes) throw createTooLargeError(limits.bodyBytes);
          if (buffered > limits.bufferedBytes) throw createOverloadedError();
        };
        const parts = takeComplete(payload, account) ?? (await collect(payload, account));
        if (size > LARGE_BYTES) await waitForTurn();
        return { chunks: parts, parse: () => parseJson(decodeUtf8(parts), limits.jsonDepth), release };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

/** Takes a body that arrived completely while the request was let in, as most do; `null`: it has to be collected. */
function takeComplete(payload: IncomingMessage, account: (bytes: number) => void): Buffer[] | null {
  if (!payload.complete || payload.readableFlowing !== null || payload.errored !== null) return null;
  account(payload.readableLength);
  const chunk = payload.read() as Buffer | null;
  return chunk === null ? [] : [chunk];
}

/**
 * Collects the chunks of a stream until it ends or `account` throws. The stream stays open, so that an answer can be
 * sent.
 */
function collect(payload: IncomingMessage, account: (bytes: number) => void): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const fail = (error: Error): void => {
      payload.removeAllListeners("data");
      // The rest is discarded as it arrives, until the connection ends with the answer.
      payload.resume();
      reject(error);
    };
    payload.on("data", (chunk: Buffer) => {
      try {
        account(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    payload.once("end", () => {
      resolve(chunks);
    });
    const failOfClient = (): void => {
      fail(new HttpError(400, "BAD_REQUEST", "The body ended before its end.", CLOSE));
    };
    // A body that ends early is the client's error, so it is not logged as one of ours.
    payload.once("error", failOfClient);
    payload.once("close", () => {
      // Every body emits `close`. The error is created only if the body did not end, since creating it is costly.
      if (!payload.readableEnded) failOfClient();
    });
  });
}

/** Parses JSON whose nesting was counted before. */
export function parseJson(text: string, maxDepth: number): unknown {
  if (measureJsonDepth(text) > maxDepth) {
    throw new HttpError(400, "JSON_TOO_DEEP", `The JSON is nested deeper than ${maxDepth} levels.`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HttpError(400, "BAD_REQUEST", text === "" ? "The body is missing." : "The body is not JSON.");
  }
}

function decodeUtf8(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  const bytes = first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new HttpError(400, "BAD_REQUEST", "The body is not UTF-8.");
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function createTooLargeError(bytes: number): HttpError {
  return new HttpError(413, "BODY_TOO_LARGE", `The body is larger than ${bytes} bytes.`, CLOSE);
}
