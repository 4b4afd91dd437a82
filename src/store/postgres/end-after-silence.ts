import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { startServedTimer } from "../../model/served-timer.js";

/** A socket, or the TLS over it. */
export type MeasuredStream = Duplex & Pick<Socket, "bytesRead" | "bytesWritten">;

/**
 * Closes a connection after a silence. A server that lost its power closes no connection. Without this, the kernel would
 * wait for a quarter of an hour, and the pool would hand out the dead connection again and again.
 */
export function endAfterSilence(socket: MeasuredStream, silenceMs: number): void {
  let moved = 0;
  const stopTimer = startServedTimer(
    silenceMs,
    () => {
      socket.destroy(new Error(`the database said nothing for ${silenceMs} ms; the connection was given up`));
    },
    () => {
      const before = moved;
      moved = socket.bytesRead + socket.bytesWritten;
      return moved !== before;
    },
  );
  socket.once("close", stopTimer);
}
