import { Socket } from "node:net";
import pg from "pg";

/**
 * A connection that no bad news can make the end of the process: a server that goes down may say so between the
 * pool's giving the connection away and its user's listening to it. Queries under way fail all the same.
 */
export class SteadyClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on("error", () => undefined);
  }
}

/**
 * Makes sockets that are given up after a silence. A server that lost its power, or was failed over without a word, closes
 * nothing: the kernel would wait for a quarter of an hour, and the pool would hand the dead connection out again and again.
 */
export function socketsGivenUpAfter(silenceMs: number): () => Socket {
  return () => {
    const socket = new Socket();
    socket.setTimeout(silenceMs, () => {
      socket.destroy(new Error(`the database said nothing for ${silenceMs} ms; the connection was given up`));
    });
    return socket;
  };
}
