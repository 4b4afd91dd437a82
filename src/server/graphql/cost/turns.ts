/** Lets the values of one request pass, at once or in a later turn of the event loop. */
export interface Pacer {
  /** Lets a value pass; `weight` is how many objects are completed as soon as it has. */
  readonly pass: <Value>(value: Value, weight: number) => Value | Promise<Value>;
  /** Calls the listener as soon as no value of this request waits for its turn; at once if none does. */
  readonly whenIdle: (listener: () => void) => void;
}

/** Shares the event loop between all requests that have much to do. */
export interface Turns {
  readonly createPacer: () => Pacer;
}

/** What a turn should take. Health checks and small queries wait about that long; it is long enough that turns cost little. */
export const TURN_MS = 10;

/** A value that waits: how many objects it has, and what lets it pass. */
interface Waiting {
  readonly weight: number;
  readonly pass: () => void;
}

/** The values of one request that wait, first come first, and who wants to know when there are none. */
interface Queue {
  waiting: Waiting[];
  idleListeners: (() => void)[];
}

/**
 * Creates the turns of a process. graphql-js completes all that a batch has brought without a pause. For large answers
 * that would keep the event loop for seconds.
 * 1. In each turn, values of so many objects pass; the others wait in their request's queue. A value passes before the work
 *    that it makes, so the number of objects decides and not the time that is gone.
 * 2. The next turn begins after the event loop has served sockets and timers. It has room for twice as many objects if the
 *    turn before was short, and for half as many if it was long; each waiting request has an equal share.
 * 3. A request is idle when a turn begins and none of its values waits: what its last values asked for is known by then.
 */
export function createTurns(now: () => number = () => performance.now()): Turns {
  const busy = new Set<Queue>();
  let startedAt: number | null = null;
  let quota = MIN_QUOTA;
  let room = 0;

  const startTurn = (): void => {
    startedAt = now();
    room = quota;
    setImmediate(endTurn);
  };
  const endTurn = (): void => {
    const tookMs = now() - (startedAt ?? 0);
    startedAt = null;
    if (tookMs > TURN_MS) quota = Math.max(MIN_QUOTA, quota >> 1);
    // Not for a turn that had little to do: it tells nothing of what objects cost.
    else if (room <= 0) quota = Math.min(MAX_QUOTA, quota * 2);
    if (busy.size === 0) return;
    startTurn();
    const share = Math.ceil(quota / busy.size);
    for (const queue of busy) {
      if (queue.waiting.length === 0) settle(queue);
      else room -= passSome(queue, share);
    }
  };
  const settle = (queue: Queue): void => {
    busy.delete(queue);
    const listeners = queue.idleListeners;
    queue.idleListeners = [];
    for (const listener of listeners) listener();
  };
  const createPacer = (): Pacer => {
    const queue: Queue = { waiting: [], idleListeners: [] };
    return {
      pass: (value, weight) => {
        if (startedAt === null) startTurn();
        if (!busy.has(queue) && room > 0) {
          room -= weight;
          return value;
        }
        busy.add(queue);
        return new Promise((resolve) => {
          const pass = (): void => {
            resolve(value);
          };
          queue.waiting.push({ weight, pass });
        });
      },
      whenIdle: (listener) => {
        if (busy.has(queue)) queue.idleListeners.push(listener);
        else listener();
      },
    };
  };
  return { createPacer };
}

/** Lets the first values pass that have so many objects together; returns how many objects these are. */
function passSome(queue: Queue, share: number): number {
  let objects = 0;
  let count = 0;
  for (const { weight, pass } of queue.waiting) {
    if (objects >= share) break;
    objects += weight;
    count += 1;
    pass();
  }
  queue.waiting = queue.waiting.slice(count);
  return objects;
}

/** An object costs some ten microseconds: a turn is short with the least of them, and long with the most. */
const MIN_QUOTA = 32;
const MAX_QUOTA = 2048;
