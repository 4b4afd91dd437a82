import { waitForPromises } from "../wait-for-promises.js";

/** What is done with the messages of one connection. */
export interface MessageSource {
  /** Starts the work on a message. What it does before its first wait counts as its time. */
  readonly handle: (message: Buffer) => void;
  /** Stops reading from the connection; `resume` continues. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** More messages wait than any client needs to send at once. */
  readonly onFlood: () => void;
}

/** The messages of one connection. */
export interface MessageQueue {
  /** Takes a message over, to be handled in its turn. */
  readonly take: (message: Buffer) => void;
  /** Forgets the waiting messages, because the connection has gone. */
  readonly close: () => void;
}

/** Gives all connections turns, so that none of them holds the event loop with what it sends. */
export interface MessageTurns {
  readonly open: (source: MessageSource) => MessageQueue;
}

interface Waiting {
  readonly source: MessageSource;
  readonly messages: Buffer[];
}

/**
 * Creates the turns of messages. A packet has room for hundreds of messages, each of which may ask for a document to be parsed.
 *
 * 1. Each connection has one message handled, and goes to the end of the queue. It is not read meanwhile.
 * 2. After {@link TURN_MS} everything else is served: requests, answers of the database, timers.
 * 3. A connection of which more than {@link MOST_WAITING} messages wait has sent a flood.
 */
export function createMessageTurns(now: () => number = () => performance.now()): MessageTurns {
  const queue = new Set<Waiting>();
  let isScheduled = false;

  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      void takeTurn();
    });
  };
  const takeTurn = async (): Promise<void> => {
    const endsAt = now() + TURN_MS;
    for (const waiting of queue) {
      queue.delete(waiting);
      handleNext(waiting);
      await waitForPromises();
      if (now() >= endsAt) break;
    }
    isScheduled = false;
    if (queue.size > 0) schedule();
  };
  const handleNext = (waiting: Waiting): void => {
    const { messages, source } = waiting;
    const message = messages.shift();
    if (message !== undefined) source.handle(message);
    if (messages.length > 0) queue.add(waiting);
    else source.resume();
  };

  return {
    open(source) {
      const waiting: Waiting = { source, messages: [] };
      let isClosed = false;
      const close = (): void => {
        isClosed = true;
        waiting.messages.length = 0;
        queue.delete(waiting);
      };
      return {
        take(message) {
          if (isClosed) return;
          waiting.messages.push(message);
          if (waiting.messages.length > MOST_WAITING) {
            close();
            source.onFlood();
            return;
          }
          if (waiting.messages.length === 1) source.pause();
          queue.add(waiting);
          schedule();
        },
        close,
      };
    },
  };
}

/**
 * Time for messages before everything else is served. Other work waits for a few of these turns, so less than a tenth
 * of a second.
 */
const TURN_MS = 5;

/** The most messages that may wait: more than a client sends that begins and ends all its subscriptions at once. */
const MOST_WAITING = 1_000;
