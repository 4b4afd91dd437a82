import type { IncomingMessage } from "node:http";

/**
 * Reads a body, and cuts off a client that sends it in thousands of tiny chunks: each chunk takes a microsecond and some hundred
 * bytes, whatever it holds, and so a megabyte of them a second of everybody's time.
 */
export function watchChunks(request: IncomingMessage): void {
  let [chunks, bytes] = [0, 0];
  request.on("data", (chunk: Buffer) => {
    chunks += 1;
    bytes += chunk.length;
    if (chunks > FREE_CHUNKS && bytes < chunks * LEAST_BYTES) request.socket.destroy();
  });
}

/** Chunks that may be as small as they like, and how many bytes they must have on average if there are more. */
const FREE_CHUNKS = 1_000;
const LEAST_BYTES = 64;
