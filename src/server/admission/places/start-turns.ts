import { waitForPromises } from "../../wait-for-promises.js";

/** Starts the next work that waits in a room. Returns `false` if none can start now. */
export type StartNext = () => boolean;

/** Decides in which turns of the event loop work starts. Rooms that share it take turns. */
export interface StartTurns {
  /** Tells whether work may start at once, where none waits. */
  mayStart(): boolean;
  /** Notes that work starts now. What it does before its first wait is part of this turn. */
  noteStart(): void;
  /** Starts what waits in a room, in the turns to come, for as long as some of it can start. */
  schedule(startNext: StartNext): void;
  /** Notes that a connection was accepted, so that further ones may wait to be. */
  noteArrival(): void;
}

/**
 * Creates the turns; nothing has started.
 * 1. In one turn of the event loop, work starts for {@link TURN_MS}; then everything else is served. Work that finds all
 *    its data in memory never waits. Without turns, hundreds of such requests would begin and end before anything else is
 *    read.
 * 2. Node accepts one connection in a turn. While connections arrive, no work starts, so that these turns are short.
 *    Otherwise, connections would wait behind all the work of those before them, whoever they belong to.
 * 3. If connections go on arriving, work starts for a turn after each {@link MOST_ARRIVALS}, or after
 *    {@link MOST_ARRIVING_MS}, since what comes by these connections may make their turns long. At least
 *    {@link LEAST_ARRIVALS} are accepted between, since work that has started may make them long, too.
 */
export function createStartTurns(now: () => number = () => performance.now()): StartTurns {
  /** The rooms in which something waits, in the order of their turns. */
  const rooms = new Set<StartNext>();
  /** When the first work of this turn started; `null`: none has. */
  let startedAt: number | null = null;
  /** The connections of an unbroken series, one in each turn, that arrived since work last had its turn. */
  let arrivals = 0;
  /** When that series began. */
  let arrivingSince = 0;
  let hasArrived = false;
  let isScheduled = false;

  const isOver = (): boolean => startedAt !== null && now() - startedAt > TURN_MS;
  const scheduleEnd = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(endTurn);
  };
  const endTurn = (): void => {
    isScheduled = false;
    startedAt = null;
    const mayWait =
      arrivals < LEAST_ARRIVALS || (arrivals < MOST_ARRIVALS && now() - arrivingSince < MOST_ARRIVING_MS);
    const isArriving = hasArrived && mayWait;
    hasArrived = false;
    if (isArriving) {
      scheduleEnd();
      return;
    }
    arrivals = 0;
    if (rooms.size > 0) void takeTurn();
  };
  const takeTurn = async (): Promise<void> => {
    startedAt = now();
    for (const startNext of rooms) {
      rooms.delete(startNext);
      if (!startNext()) continue;
      rooms.add(startNext);
      await waitForPromises();
      if (isOver()) break;
    }
    startedAt = null;
    if (rooms.size > 0) scheduleEnd();
  };

  return {
    mayStart: () => arrivals === 0 && !isOver(),
    noteStart() {
      startedAt ??= now();
      scheduleEnd();
    },
    schedule(startNext) {
      rooms.add(startNext);
      scheduleEnd();
    },
    noteArrival() {
      hasArrived = true;
      if (arrivals === 0) arrivingSince = now();
      arrivals += 1;
      scheduleEnd();
    },
  };
}

/**
 * Time for work that never waits, before everything else is served. It is longer than the answers of some thirty busy
 * clients take, since waiting costs more than a small answer.
 */
export const TURN_MS = 15;

/** So many connections may arrive before work has its turn: to accept them takes a few times as long as a piece of work. */
export const MOST_ARRIVALS = 200;

/** So many connections are accepted before work has its turn, however long that takes. */
export const LEAST_ARRIVALS = 20;

/** Time for which work waits because connections arrive, if enough of them were accepted meanwhile. */
export const MOST_ARRIVING_MS = 400;
