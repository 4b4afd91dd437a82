/** Lets the values of one request pass, at once or in a later turn of the event loop. */
export interface Pacer {
  /**
   * Returns the value, or a promise of it if it has to wait for a turn. `weight`: how many objects are completed with
   * it.
   */
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

/** The waiting values of one request in their order, and the listeners to call when none is left. */
interface Queue {
  waiting: Waiting[];
  idleListeners: (() => void)[];
}

/**
 * Creates the turns of a process. graphql-js completes all that a batch has brought without a pause. For large answers
 * that would hold the event loop for seconds.
 * 1. In each turn, values of a number of objects pass, the quota; the others wait in their request's queue. A value
 *    passes before its work is done, so a turn is measured in objects and not in elapsed time.
 * 2. The next turn begins after the event loop has served sockets and timers. Its quota is twice as large if the turn
 *    before was short, and half as large if it was long. Each waiting request has an equal share.
 * 3. A request is idle when a turn begins and none of its values waits: by then it is known what its last values ask
 *    for.
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
    // A turn with little to do shows nothing about the cost of objects, so it leaves the quota as it is.
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

/** Lets the first values pass, up to this number of objects together. Returns how many objects these are. */
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

/** Bounds of the quota, in objects. An object takes some ten microseconds, so a turn takes 0.3 ms to 20 ms. */
const MIN_QUOTA = 32;
const MAX_QUOTA = 2048;
