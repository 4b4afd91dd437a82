import type { IncomingMessage } from "node:http";

/**
 * Cuts off a client that sends a body in thousands of tiny chunks. Each chunk costs a microsecond and some hundred
 * bytes of memory, however small it is, so a megabyte of one-byte chunks holds the event loop for a second. Chunks are
 * counted as they arrive, before anybody reads the body.
 */
export function watchChunks(request: IncomingMessage): void {
  if (request.headers["transfer-encoding"] === undefined) return;
  let [chunks, bytes] = [0, 0];
  const push = request.push.bind(request);
  request.push = (chunk: Buffer | null, encoding) => {
    if (chunk !== null) {
      chunks += 1;
      bytes += chunk.length;
      if (chunks > FREE_CHUNKS && bytes < chunks * LEAST_BYTES) {
        request.socket.destroy();
        return false;
      }
    }
    return push(chunk, encoding);
  };
}

/** The number of chunks that may have any size. If there are more, chunks must have this many bytes on average. */
const FREE_CHUNKS = 1_000;
const LEAST_BYTES = 64;
