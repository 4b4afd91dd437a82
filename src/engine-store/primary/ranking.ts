import { setImmediate as takeTurn } from "node:timers/promises";
import { createSlots } from "../../model/slots.js";
import { queryRows, type Queryable } from "../../store/postgres/sql.js";
import { chooseDigests, type DigestReads } from "./digests.js";
import { findHeldAddress } from "./held.js";
import { DIGEST_BYTES, ID_BYTES, Places, type Part } from "./places.js";

/** Finds the primary addresses of an engine's VMs, and keeps them for the next time. */
export interface PrimaryRanking {
  /** The most VMs of which addresses are found at once. */
  readonly mostVms: number;
  /** Finds the addresses of VMs. `ids`: 16 bytes of each VM, which begin every `step` bytes, sorted. */
  findPlaces(database: Queryable, ids: Buffer, step: number): Promise<Places>;
}

/**
 * Creates a ranking. An engine does not keep which address is the primary one, and its tables announce no changes. So:
 * 1. What is read of a VM is one text, and an address found from it is kept with the digest of the text: 49 bytes of each VM.
 * 2. Each time, PostgreSQL computes the digests of the texts anew. What has the same digest has the same address.
 * 3. The texts of the others are read, and their addresses are found.
 *
 * The first time, all of them are read. If that takes too long for one request, the next one goes on where it was. Of requests
 * that come meanwhile, one reads at a time, and those that waited take over what it found.
 */
export function createPrimaryRanking(mostVms = MOST_RANKED_VMS): PrimaryRanking {
  const kept = new KeptPlaces(2 * mostVms);
  const reading = createSlots(1);
  let reads: DigestReads | null = null;
  return {
    mostVms,
    findPlaces: async (database, ids, step) => {
      reads ??= await chooseDigests(database);
      const places = new Places(ids.length / step);
      for (const part of listParts(places.count, VMS_A_TURN)) {
        places.setIds(ids, step, part);
        await takeTurn();
      }
      let unknown = await kept.fill(places);
      // What is not known is read first, so that each request gets farther.
      if (unknown.length > VMS_A_STATEMENT) {
        const leave = await reading.enter();
        try {
          unknown = await kept.fill(places);
          await readPlaces(database, reads, places, unknown, kept);
        } finally {
          leave();
        }
      } else await readPlaces(database, reads, places, unknown, kept);
      const changed = await listChanged(database, reads, places, unknown);
      await readPlaces(database, reads, places, changed, kept);
      return places;
    },
  };
}

/** The most VMs whose primary addresses are found for one page. */
const MOST_RANKED_VMS = 200_000;

/** The VMs whose texts are read by one statement. */
const VMS_A_STATEMENT = 500;

/** The VMs whose digests are read by one statement. */
const DIGESTS_A_STATEMENT = 10_000;

/** What such an order costs. */
export const ENGINE_RANKING = {
  mostVms: MOST_RANKED_VMS,
  vmsAStatement: VMS_A_STATEMENT,
  digestsAStatement: DIGESTS_A_STATEMENT,
} as const;

/** What was found, by all requests. */
class KeptPlaces {
  private places = new Places(0);
  /** Joins come one after the other, as each begins with what is kept then. */
  private joined: Promise<void> = Promise.resolve();

  /** Beyond so many VMs, those are dropped that were not found last: most of them are gone. */
  constructor(private readonly most: number) {}

  /** Fills in what is kept. Returns the VMs of which nothing is. */
  async fill(places: Places): Promise<number[]> {
    const { places: kept } = this;
    const unknown: number[] = [];
    let next = 0;
    for (const part of listParts(places.count, VMS_A_TURN)) {
      next = places.takeOver(kept, part, next);
      for (let at = part[0]; at < part[1]; at += 1) if (!places.isFound(at)) unknown.push(at);
      await takeTurn();
    }
    return unknown;
  }

  /** Keeps what was found of VMs that are kept. Returns whether all of them are. */
  learn(found: Places, some: readonly number[]): boolean {
    let areKept = true;
    for (const at of some) areKept = this.places.learn(found, at) && areKept;
    return areKept;
  }

  /** Keeps what was found of all these VMs. */
  join(found: Places): Promise<void> {
    const joined = this.joined.then(() => this.joinNow(found));
    this.joined = joined.catch(() => undefined);
    return joined;
  }

  private async joinNow(found: Places): Promise<void> {
    const { places: kept } = this;
    const ids = await kept.joinIds(found);
    const count = ids.length / ID_BYTES;
    if (count > this.most) {
      this.places = found.copy();
      return;
    }
    const joined = new Places(count);
    let [nextKept, nextFound] = [0, 0];
    for (const part of listParts(count, VMS_A_TURN)) {
      joined.setIds(ids, ID_BYTES, part);
      nextKept = joined.takeOver(kept, part, nextKept);
      nextFound = joined.takeOver(found, part, nextFound);
      await takeTurn();
    }
    this.places = joined;
  }
}

/** So many VMs are walked in some milliseconds. Then other requests have their turn. */
const VMS_A_TURN = 10_000;

/** Reads the texts of VMs, finds their addresses, and keeps these, also if a statement fails. */
async function readPlaces(
  database: Queryable,
  { readHeld }: DigestReads,
  places: Places,
  some: readonly number[],
  kept: KeptPlaces,
): Promise<void> {
  let areKept = true;
  try {
    for (const [from, to] of listParts(some.length, VMS_A_STATEMENT)) {
      const read = some.slice(from, to);
      const rows = await queryRows<HeldRow>(database, readHeld, [formatIds(places, read)]);
      for (const { position, held, digest } of rows) {
        const at = read[position - 1];
        if (at !== undefined) places.set(at, digest, findHeldAddress(held));
      }
      areKept = kept.learn(places, read) && areKept;
      await takeTurn();
    }
  } finally {
    if (!areKept) await kept.join(places);
  }
}

interface HeldRow {
  /** From 1. */
  readonly position: number;
  readonly held: string | null;
  readonly digest: Buffer;
}

/** Lists the VMs whose text has another digest now, leaving out those that were just read. */
async function listChanged(
  database: Queryable,
  { readDigests }: DigestReads,
  places: Places,
  justRead: readonly number[],
): Promise<number[]> {
  const read = new Set(justRead);
  const changed: number[] = [];
  for (const [from, to] of listParts(places.count, DIGESTS_A_STATEMENT)) {
    const known: number[] = [];
    for (let at = from; at < to; at += 1) if (!read.has(at)) known.push(at);
    if (known.length === 0) continue;
    const ids = formatIds(places, known);
    const [row] = await queryRows<{ readonly digests: Buffer }>(database, readDigests, [ids]);
    const digests = row?.digests ?? Buffer.alloc(0);
    known.forEach((at, index) => {
      if (!places.hasDigest(at, digests, index * DIGEST_BYTES)) changed.push(at);
    });
    await takeTurn();
  }
  return changed;
}

function formatIds(places: Places, some: readonly number[]): string {
  return `{${some.map((at) => places.getId(at)).join(",")}}`;
}

/** Divides so many VMs into parts of this size. */
function listParts(count: number, size: number): Part[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, part) => [
    part * size,
    Math.min((part + 1) * size, count),
  ]);
}
