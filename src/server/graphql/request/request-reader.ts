import type { IncomingMessage } from "node:http";
import { HttpError } from "../../errors.js";
import type { Limits } from "../../../model/limits.js";
import { createBodyBudget } from "./body-budget.js";
import { hasLongName, LONGEST_NAME, measureJsonDepth } from "./json-depth.js";

/** Reads request bodies; all of them together never hold more memory than one budget. */
export interface RequestReader {
  /** Reads the body. The caller gives its memory back by `release`. */
  read(payload: IncomingMessage, whose: BodyOwner): Promise<ReadBody>;
}

/** Whose body it is. */
export interface BodyOwner {
  readonly owner: string;
  /** Ends the request of a body that was read, because somebody else's body gets its memory. */
  readonly giveUp: (error: HttpError) => void;
  /** Called when the body has come. */
  readonly holdConnection: () => void;
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
  const budget = createBodyBudget(limits.bufferedBytes);
  let lastTurn = Promise.resolve();
  /** Waits for a turn of the event loop in which no other large body is worked on. */
  const waitForTurn = (): Promise<void> => {
    lastTurn = lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
    return lastTurn;
  };
  return {
    async read(payload, whose) {
      const { owner, giveUp } = whose;
      if (Number(payload.headers["content-length"]) > limits.bodyBytes)
        throw createTooLargeError(limits.bodyBytes);
      let end = giveUp;
      const account = budget.open(owner, (error) => {
        end(error);
      });
      let size = 0;
      const take = (bytes: number): void => {
        account.take(bytes + CHUNK_OVERHEAD_BYTES);
        size += bytes;
        if (size > limits.bodyBytes) throw createTooLargeError(limits.bodyBytes);
      };
      try {
        const chunks = takeComplete(payload, take) ?? (await collect(payload, take, (fail) => (end = fail)));
        end = giveUp;
        whose.holdConnection();
        if (size > LARGE_BYTES) await waitForTurn();
        return {
          chunks,
          parse: () => parseJson(decodeUtf8(chunks), limits.jsonDepth),
          release: () => {
            account.close();
          },
        };
      } catch (error) {
        account.close();
        throw error;
      }
    },
  };
}

/** Takes a body that arrived completely while the request was let in, as most do; `null`: it has to be collected. */
function takeComplete(payload: IncomingMessage, take: (bytes: number) => void): Buffer[] | null {
  if (!payload.complete || payload.readableFlowing !== null || payload.errored !== null) return null;
  take(payload.readableLength);
  const chunk = payload.read() as Buffer | null;
  return chunk === null ? [] : [chunk];
}

/**
 * Collects the chunks of a stream until it ends or `take` throws. `onBegin` receives a function that ends it sooner. The
 * stream stays open, so that an answer can be sent.
 */
function collect(
  payload: IncomingMessage,
  take: (bytes: number) => void,
  onBegin: (fail: (error: Error) => void) => void,
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const fail = (error: Error): void => {
      payload.removeAllListeners("data");
      // The rest is discarded as it arrives, until the connection ends with the answer.
      payload.resume();
      reject(error);
    };
    onBegin(fail);
    payload.on("data", (chunk: Buffer) => {
      try {
        take(chunk.length);
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
export function parseJson(text: string, maxDepth: number, what = "The body"): unknown {
  if (measureJsonDepth(text) > maxDepth) {
    throw new HttpError(400, "JSON_TOO_DEEP", `The JSON is nested deeper than ${maxDepth} levels.`);
  }
  if (hasLongName(text)) {
    throw new HttpError(400, "BAD_REQUEST", `${what} has a name of more than ${LONGEST_NAME} characters.`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HttpError(400, "BAD_REQUEST", text === "" ? `${what} is missing.` : `${what} is not JSON.`);
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
