import type { Server } from "node:http";
import type { Socket } from "node:net";
import { findAddressGroup } from "./address-group.js";
import { createFairQueue } from "../../model/fair-queue.js";
import type { StartTurns } from "./places/start-turns.js";

/** The connections that were accepted, and that nothing has been done for yet. */
export interface Reception {
  /** Tells whether a connection waits for its turn. */
  readonly holds: (socket: Socket) => boolean;
}

interface Guest {
  readonly address: string;
  readonly begin: () => void;
  readonly refuse: () => void;
}

/**
 * Puts a queue between the accepting of connections and everything else. Node accepts one connection in a turn of the event
 * loop, and what a connection asks for takes longer than to accept it. So in a storm of connections the kernel's queue would be
 * full, and the kernel drops who comes then: they try again after one, three and seven seconds.
 * 1. A connection begins at once, unless connections arrive in one turn after the other.
 * 2. Then it waits until work has its turn. Addresses take turns. If more than `most` wait, the one of the address with most
 *    that has waited for longest is closed.
 * 3. If its client leaves meanwhile, or ends its side, nothing is done for it. To notice that takes some turns, so its turn
 *    never comes sooner.
 *
 * Call it before further listeners of connections are registered: those see each connection as soon as it is accepted.
 */
export function receiveConnections(server: Server, turns: StartTurns, most: number): Reception {
  const handlers = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  const queue = createFairQueue<Guest>(most, "first");
  const waiting = new WeakSet<Socket>();

  const connections = {
    get size() {
      return queue.size;
    },
    beginNext: () => queue.findNext()?.begin(),
  };
  const hold = (socket: Socket): void => {
    const forget = (): void => {
      queue.remove(guest.address, guest);
      waiting.delete(socket);
    };
    const giveBack = keepData(socket, forget);
    const guest: Guest = {
      address: findAddressGroup(socket.remoteAddress ?? ""),
      begin: () => {
        forget();
        giveBack(() => {
          for (const handler of handlers) handler.call(server, socket);
        });
      },
      refuse: () => {
        forget();
        socket.destroy();
      },
    };
    waiting.add(socket);
    waitForTurns(TURNS_TO_READ, () => {
      if (!waiting.has(socket)) return;
      queue.add(guest.address, guest)?.refuse();
      turns.scheduleConnections(connections);
    });
  };

  server.on("connection", (socket: Socket) => {
    if (turns.mayStart() && queue.size === 0) for (const handler of handlers) handler.call(server, socket);
    else hold(socket);
  });
  return { holds: (socket) => waiting.has(socket) };
}

/**
 * Keeps what arrives on a connection that nobody reads yet, and notices when its client ends it: the connection is destroyed
 * then, and `onEnd` is called. Returns the function that lets somebody else read: what has arrived comes first.
 */
function keepData(socket: Socket, onEnd: () => void): (takeOver: () => void) => void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const keep = (chunk: Buffer): void => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_KEPT) socket.pause();
  };
  const leave = (): void => {
    socket.destroy();
  };
  const ignore = (): void => undefined;
  socket.on("data", keep).once("end", leave).on("error", ignore).once("close", onEnd);
  return (takeOver) => {
    socket.off("data", keep).off("end", leave).off("error", ignore).off("close", onEnd);
    // TLS takes what was put back by itself, a moment later; until then it must not flow.
    socket.pause();
    if (chunks.length > 0) socket.unshift(Buffer.concat(chunks));
    takeOver();
    if (socket.listenerCount("data") > 0) socket.resume();
  };
}

/** Bytes after which no more is read of a connection that waits: a request without a body has fewer. */
const MOST_KEPT = 16 * 1024;

function waitForTurns(count: number, then: () => void): void {
  setImmediate(() => {
    if (count > 1) waitForTurns(count - 1, then);
    else then();
  });
}

/** The turns until the end of a connection is noticed: in the next one its data are read, and in the one after that its end. */
const TURNS_TO_READ = 3;
