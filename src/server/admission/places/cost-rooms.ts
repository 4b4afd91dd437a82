import type { Limits } from "../../../model/limits.js";
import { createPlaces, type Places } from "./places.js";
import { createStartTurns, type StartTurns } from "./start-turns.js";

/** Where a request waits, and how much of that room it takes. */
export interface RoomNeed {
  readonly places: Places;
  readonly weight: number;
}

/** The rooms for costly requests. A room bounds the sum of the costs of what runs in it, not its number. */
export interface CostRooms {
  /** Finds the room that a request of this cost has to wait for; `null`: the request is light and waits for none. */
  readonly find: (cost: number) => RoomNeed | null;
  /** The room for pieces of long lists, such as exports. Its queue has a place for each request that may stay open. */
  readonly longLists: Places;
  /** The room for short lists that are read beside the graph, such as a page of the REST flow. */
  readonly pages: Places;
  /** Tells whether a room is full, or has a queue, and has let nobody in for longer than this. */
  readonly isStuck: (longerThanMs: number) => boolean;
}

/**
 * Creates the rooms. Each has a queue of its own, so that nobody waits behind somebody who costs much more:
 *
 * | cost, as a share of the limit | room | at once |
 * |---|---|---|
 * | up to 1/400 | none | as many as `running` |
 * | up to 1/40 | a tenth of the limit | 4 of the dearest, {@link MOST_MIDDLE} at most |
 * | above | the limit | {@link MOST_HEAVY} at most |
 *
 * An answer of less than 5,000 objects is made without a pause. 32 such answers at once would hold the event loop as
 * long as a heavy one does, so those that cost nearly as much have the middle room.
 */
export function createCostRooms(
  { cost: limit, waiting, lasting }: Limits,
  turns: StartTurns = createStartTurns(),
): CostRooms {
  const middleRoom = limit * MIDDLE_ROOM;
  const middle = createPlaces({ running: middleRoom, waiting }, turns);
  const heavy = createPlaces({ running: limit, waiting }, turns);
  const longLists = createPlaces({ running: MOST_LONG_LISTS, waiting: lasting }, turns);
  const pages = createPlaces({ running: MOST_PAGES, waiting }, turns);
  return {
    longLists,
    pages,
    find: (cost) => {
      if (cost > limit * HEAVY_SHARE) return { places: heavy, weight: Math.max(cost, limit / MOST_HEAVY) };
      if (cost > limit * MIDDLE_SHARE)
        return { places: middle, weight: Math.max(cost, middleRoom / MOST_MIDDLE) };
      return null;
    },
    isStuck: (longerThanMs) => [middle, heavy, longLists, pages].some((room) => room.isStuck(longerThanMs)),
  };
}

/** A page of 500 VMs with their interfaces is heavy. */
const HEAVY_SHARE = 1 / 40;

/** A page of 50 VMs with all that belongs to them is in the middle, most others are light. */
const MIDDLE_SHARE = 1 / 400;

const MIDDLE_ROOM = 1 / 10;

/** The most requests that run at once in the middle room: as many as keep the database's connections busy. */
const MOST_MIDDLE = 16;

/**
 * The most heavy requests that run at once. Each holds a connection to the database while it reads, and other requests
 * need some. More heavy ones would be no faster, since one event loop makes all answers.
 */
const MOST_HEAVY = 2;

/** The most pieces of long lists that are read at once. A piece is 500 VMs, and each list asks for its next piece soon. */
const MOST_LONG_LISTS = 2;

/** So many short lists are read at once: one makes its answer while the others wait for the database. */
const MOST_PAGES = 4;
