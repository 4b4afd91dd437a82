/**
 * Calls `expire` after a time in which another machine had its chance to be heard. Returns the function that stops it.
 *
 * 1. The time is counted in {@link PARTS} parts. The event loop reads its sockets between two of them.
 * 2. A part that begins late counts once, however late it is. An ordinary timer would expire after a long stretch of own
 *    work, before the answer that lies in the socket is read.
 * 3. Where `hasNews` returns `true` at the end of a part, the count begins again.
 *
 * No process waits for it.
 */
export function startServedTimer(
  ms: number,
  expire: () => void,
  hasNews: () => boolean = () => false,
): () => void {
  let left = PARTS;
  const timer = setInterval(() => {
    left = hasNews() ? PARTS : left - 1;
    if (left > 0) return;
    clearInterval(timer);
    expire();
  }, ms / PARTS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** More than the steps of a connection with TLS and a password, each of which takes a turn of the event loop. */
export const PARTS = 20;
