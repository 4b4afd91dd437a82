import type { IncomingMessage } from "node:http";

/**
 * Cuts off a client that sends a body in thousands of tiny chunks: each chunk takes a microsecond and some hundred bytes,
 * whatever it holds, and so a megabyte of them a second of everybody's time. Chunks are counted as they come in, before they
 * wait for whoever reads the body.
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

/** Chunks that may be as small as they like, and how many bytes they must have on average if there are more. */
const FREE_CHUNKS = 1_000;
const LEAST_BYTES = 64;
