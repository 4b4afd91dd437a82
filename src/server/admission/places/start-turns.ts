import { waitForPromises } from "../../wait-for-promises.js";

/** Starts the next work that waits in a room. Returns `false` if none can start now. */
export type StartNext = () => boolean;

/** Connections that wait for their turn. */
export interface WaitingConnections {
  readonly size: number;
  beginNext(): void;
}

/** Decides in which turns of the event loop work starts. Rooms that share it take turns. */
export interface StartTurns {
  /** Tells whether work may start at once, where none waits. */
  mayStart(): boolean;
  /** Notes that work starts now. What it does before its first wait is part of this turn. */
  noteStart(): void;
  /** Starts what waits in a room, in the turns to come, for as long as some of it can start. */
  schedule(startNext: StartNext): void;
  /** Does the same for connections that wait, with which no work has begun yet. */
  scheduleConnections(waiting: WaitingConnections): void;
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
 * 4. Connections that wait come before the work in each turn: to read a request and to let it wait among the others costs less
 *    than to answer it. They have {@link CONNECTIONS_SHARE} of the time in which others arrived. As long as they are few, some
 *    begin while others arrive: where turns are long for other reasons, that delays nobody.
 */
export function createStartTurns(now: () => number = () => performance.now()): StartTurns {
  /** The rooms in which something waits, in the order of their turns. */
  const rooms = new Set<StartNext>();
  let connections: WaitingConnections = { size: 0, beginNext: () => undefined };
  /** When the first work of this turn started; `null`: none has. */
  let startedAt: number | null = null;
  /** The connections of an unbroken series, one in each turn, that arrived since work last had its turn. */
  let arrivals = 0;
  /** When that series began. */
  let arrivingSince = 0;
  /** The time in that series in which connections began. */
  let begunMs = 0;
  let hasArrived = false;
  let isScheduled = false;
  /** Whether connections begin now. What they ask for waits with the other work. */
  let isBeginning = false;

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
    const arrivingMs = arrivals === 0 ? 0 : now() - arrivingSince;
    if (isArriving) {
      if (connections.size <= FEW_CONNECTIONS) void begin(arrivingMs * CONNECTIONS_SHARE - begunMs);
      scheduleEnd();
      return;
    }
    arrivals = 0;
    if (connections.size + rooms.size > 0) void takeTurn(arrivingMs * CONNECTIONS_SHARE);
  };
  const takeTurn = async (connectionsMs: number): Promise<void> => {
    startedAt = now();
    await begin(Math.max(connectionsMs, CONNECTIONS_MS));
    const since = now();
    for (const startNext of rooms) {
      rooms.delete(startNext);
      if (!startNext()) continue;
      rooms.add(startNext);
      await waitForPromises();
      if (now() - since > TURN_MS) break;
    }
    startedAt = null;
    if (connections.size + rooms.size > 0) scheduleEnd();
  };
  /** Begins connections that wait, for so long. What they ask for does not start at once. */
  const begin = async (ms: number): Promise<void> => {
    const since = now();
    isBeginning = true;
    while (connections.size > 0 && now() - since < ms) {
      connections.beginNext();
      await waitForPromises();
    }
    isBeginning = false;
    begunMs += now() - since;
  };

  return {
    mayStart: () => arrivals === 0 && !isBeginning && !isOver(),
    noteStart() {
      startedAt ??= now();
      scheduleEnd();
    },
    schedule(startNext) {
      rooms.add(startNext);
      scheduleEnd();
    },
    scheduleConnections(waiting) {
      connections = waiting;
      scheduleEnd();
    },
    noteArrival() {
      hasArrived = true;
      if (arrivals === 0) {
        arrivingSince = now();
        begunMs = 0;
      }
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

/** Time for connections that wait, in each turn: enough for some dozens of them. */
export const CONNECTIONS_MS = TURN_MS / 2;

/** The part of the time in which connections arrive for those that arrived before. */
export const CONNECTIONS_SHARE = 1 / 4;

/** So many connections that wait are few. If there are more, accepting further ones comes first. */
export const FEW_CONNECTIONS = 50;

/** So many connections may arrive before work has its turn: to accept them takes a few times as long as a piece of work. */
export const MOST_ARRIVALS = 200;

/** So many connections are accepted before work has its turn, however long that takes. */
export const LEAST_ARRIVALS = 20;

/** Time for which work waits because connections arrive, if enough of them were accepted meanwhile. */
export const MOST_ARRIVING_MS = 400;
