import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

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
        skipChunks(request.socket);
        return false;
      }
    }
    return push(chunk, encoding);
  };
}

/** The number of chunks that may have any size. If there are more, chunks must have this many bytes on average. */
const FREE_CHUNKS = 1_000;
const LEAST_BYTES = 64;

/**
 * Skips what else the packet holds of the body: some ten thousand chunks, each of which would become a buffer. The parser is no
 * documented part of a socket; without it, they are read in vain. It serves another connection later, so it gets its listener back.
 */
function skipChunks({ parser }: Socket & { readonly parser?: Record<number, unknown> | null }): void {
  if (parser == null) return;
  const onBody = parser[ON_BODY];
  parser[ON_BODY] = null;
  setImmediate(() => {
    parser[ON_BODY] = onBody;
  });
}

/** Where Node's parser looks for the listener of a body's parts. */
const ON_BODY = 3;
