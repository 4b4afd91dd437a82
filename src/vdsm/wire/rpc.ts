import { randomUUID } from "node:crypto";
import { Connection } from "./connection.js";
import type { ConnectionOptions } from "./connection-options.js";
import { ConnectionFailureError, createHostError, FLOOD } from "./connection-failure.js";
import { readReplyId } from "./reply.js";
import { createTimeoutFailure } from "./socket-failure.js";

/** The options of the connection to a host, and the time limit of a call, connecting included. */
export interface RpcOptions extends Omit<ConnectionOptions, "closed"> {
  readonly callTimeoutMs: number;
}

interface Call {
  readonly fail: (failure: ConnectionFailureError) => void;
  /** Resolves when the body has been read. */
  readonly answer: (body: Buffer) => Promise<void>;
}

/**
 * JSON-RPC with one host. The first call opens a connection, and further calls share it. When the connection fails, the
 * calls in flight fail at once and are not repeated; the next call opens a new one.
 */
export class Rpc {
  private connection: Connection | null = null;
  private readonly closing = new AbortController();
  private readonly options: RpcOptions & ConnectionOptions;
  private floods = 0;
  private pausedUntilMs = 0;
  /** The calls in flight, all on the present connection. */
  private readonly calls = new Map<string, Call>();
  /** Dropped connections whose sockets may still be open. */
  private readonly leaving = new Set<Promise<void>>();

  constructor(
    readonly address: string,
    options: RpcOptions,
  ) {
    this.options = { ...options, closed: this.closing.signal };
  }

  /**
   * Asks the host. `read` turns the body of the reply into an answer, now or in later turns, or throws a {@link
   * ConnectionFailureError}.
   */
  call<T>(
    verb: string,
    params: object,
    read: (body: Buffer) => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const id = randomUUID();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        this.calls.delete(id);
      };
      const fail = (failure: ConnectionFailureError) => {
        end();
        reject(createHostError(this.address, verb, failure));
      };
      const abort = () => {
        fail(new ConnectionFailureError("aborted", "aborted"));
      };
      const answer = async (body: Buffer) => {
        end();
        try {
          resolve(await read(body));
        } catch (error) {
          reject(createHostError(this.address, verb, toConnectionFailure(error)));
        }
      };
      const timer = setTimeout(() => {
        this.giveUp(verb, fail);
      }, this.options.callTimeoutMs);

      if (this.closing.signal.aborted) fail(new ConnectionFailureError("aborted", "the client is closed"));
      else if (signal?.aborted === true) abort();
      else if (performance.now() < this.pausedUntilMs) fail(this.createPauseFailure());
      else {
        signal?.addEventListener("abort", abort);
        this.calls.set(id, { fail, answer });
        this.send(id, verb, params);
      }
    });
  }

  /** Ends the connection and every call. Resolves when no socket is left. */
  async close(): Promise<void> {
    this.closing.abort();
    this.connection?.drop(new ConnectionFailureError("aborted", "the client was closed"));
    await Promise.all(this.leaving);
  }

  private send(id: string, verb: string, params: object): void {
    const connection = (this.connection ??= this.connect());
    void connection.opened.then(() => {
      // A request always has an id, and is never in a batch: either would stop a vdsmd from answering anybody.
      if (this.calls.has(id)) connection.send(JSON.stringify({ jsonrpc: "2.0", method: verb, params, id }));
    });
  }

  private createPauseFailure(): ConnectionFailureError {
    const seconds = Math.ceil((this.pausedUntilMs - performance.now()) / 1_000);
    return new ConnectionFailureError(
      "protocol",
      `not asked for another ${seconds} s, because it sent without end what nobody asked for`,
    );
  }

  private connect(): Connection {
    const connection: Connection = new Connection(this.options, {
      onMessage: (body) => this.receive(connection, body),
      onFailed: (failure) => {
        this.connection = null;
        this.noteFlood(failure);
        for (const call of [...this.calls.values()]) call.fail(failure);
      },
    });
    this.leaving.add(connection.gone);
    void connection.gone.then(() => this.leaving.delete(connection.gone));
    return connection;
  }

  /** Pauses a host that floods: it is not connected for a minute, and for twice as long after each further flood. */
  private noteFlood({ code }: ConnectionFailureError): void {
    if (code !== FLOOD) return;
    this.floods += 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.floods - 1));
    this.pausedUntilMs = performance.now() + pauseMs;
  }

  /** Handles the body of a message. Returns a promise that resolves when it has been read; `null`: it answers none of our calls. */
  private receive(connection: Connection, body: Buffer): Promise<void> | null {
    try {
      const id = readReplyId(body);
      // Replies to abandoned calls, and events, answer no call.
      return (id === null ? undefined : this.calls.get(id))?.answer(body) ?? null;
    } catch (error) {
      // It is unknown which call this answers, so all calls of the connection fail.
      connection.drop(toConnectionFailure(error));
      return null;
    }
  }

  /**
   * Ends a call and its connection. A host whose dispatcher has died still sends heartbeats, so the connection must not
   * be kept.
   */
  private giveUp(verb: string, fail: (failure: ConnectionFailureError) => void): void {
    const { callTimeoutMs } = this.options;
    const connection = this.connection;
    const isOpen = connection?.phase === "open";
    if (connection !== null && !isOpen) fail(createTimeoutFailure(connection.phase, callTimeoutMs));
    else
      fail(
        new ConnectionFailureError(
          "timeout",
          `${connection?.isHeld === true ? NO_ROOM : "no answer"} within ${callTimeoutMs} ms`,
        ),
      );
    if (isOpen)
      connection.drop(
        new ConnectionFailureError("unreachable", `connection given up: ${verb} had no answer`),
      );
  }
}

const NO_ROOM = "no room for its long answer, beside those of other hosts,";

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

function toConnectionFailure(error: unknown): ConnectionFailureError {
  return error instanceof ConnectionFailureError
    ? error
    : new ConnectionFailureError("protocol", "an unreadable answer", null, { cause: error });
}
