import { setImmediate as takeTurn } from "node:timers/promises";
import { queryRows, type Queryable } from "../../store/postgres/sql.js";
import { findHeldAddress, HELD } from "./held.js";
import { DIGEST_BYTES, ID_BYTES, Places, type Part } from "./places.js";

/** Finds the primary addresses of an engine's VMs, and keeps them for the next time. */
export interface PrimaryRanking {
  /** The most VMs of which addresses are found at once, and kept. */
  readonly mostVms: number;
  /** Finds the addresses of VMs. `ids`: 16 bytes of each VM, which begin every `step` bytes, sorted. */
  findPlaces(database: Queryable, ids: Buffer, step: number): Promise<Places>;
}

/**
 * Creates a ranking. An engine does not keep which address is the primary one, and its tables announce no changes. So:
 * 1. What is read of a VM is one text, and an address found from it is kept with the digest of the text: 49 bytes of each VM.
 * 2. Each time, PostgreSQL computes the digests of the texts of all VMs anew. What has the same digest has the same address.
 * 3. The texts of the others are read, and their addresses are found.
 *
 * The first time, all of them are read. If that takes too long for one request, the next one goes on where it was.
 */
export function createPrimaryRanking(mostVms = MOST_RANKED_VMS): PrimaryRanking {
  let kept = new Places(0);
  return {
    mostVms,
    findPlaces: async (database, ids, step) => {
      const places = new Places(ids.length / step);
      const doubtful = await takeOverUnchanged(database, kept, places, (part) => {
        places.setIds(ids, step, part);
      });
      const added: number[] = [];
      try {
        for (const [from, to] of listParts(doubtful.length, VMS_A_STATEMENT)) {
          const some = doubtful.slice(from, to);
          await findAddresses(database, places, some);
          for (const at of some) if (!kept.learn(places, at)) added.push(at);
        }
      } finally {
        if (added.length > 0) kept = await joinPlaces(kept, places, mostVms);
      }
      return places;
    },
  };
}

/** The most VMs whose primary addresses are found for one page. */
const MOST_RANKED_VMS = 500_000;

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

/**
 * Takes over the addresses that still hold. Returns the other VMs: those of which nothing is kept, and those whose text has
 * another digest now.
 */
async function takeOverUnchanged(
  database: Queryable,
  kept: Places,
  places: Places,
  setIds: (part: Part) => void,
): Promise<number[]> {
  const doubtful: number[] = [];
  let next = 0;
  for (const part of listParts(places.count, DIGESTS_A_STATEMENT)) {
    setIds(part);
    next = places.takeOver(kept, part, next);
    const known: number[] = [];
    for (let at = part[0]; at < part[1]; at += 1) (places.isFound(at) ? known : doubtful).push(at);
    if (known.length > 0) doubtful.push(...(await listChanged(database, places, known)));
    else await takeTurn();
  }
  return doubtful;
}

/** Lists those of the VMs whose text has another digest now. */
async function listChanged(database: Queryable, places: Places, known: readonly number[]): Promise<number[]> {
  const ids = formatIds(places, known);
  const [row] = await queryRows<{ readonly digests: Buffer }>(database, READ_DIGESTS, [ids]);
  const digests = row?.digests ?? Buffer.alloc(0);
  return known.filter((at, index) => !places.hasDigest(at, digests, index * DIGEST_BYTES));
}

/** Joins what is kept with what was found. VMs that are gone stay until there are too many. */
async function joinPlaces(kept: Places, found: Places, mostVms: number): Promise<Places> {
  const ids = kept.joinIds(found);
  const count = ids.length / ID_BYTES;
  if (count > mostVms) return found;
  const joined = new Places(count);
  let [nextKept, nextFound] = [0, 0];
  for (const part of listParts(count, DIGESTS_A_STATEMENT)) {
    joined.setIds(ids, ID_BYTES, part);
    nextKept = joined.takeOver(kept, part, nextKept);
    nextFound = joined.takeOver(found, part, nextFound);
    await takeTurn();
  }
  return joined;
}

/** Divides so many VMs into parts of this size. */
function listParts(count: number, size: number): Part[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, part) => [
    part * size,
    Math.min((part + 1) * size, count),
  ]);
}

/** Reads the texts of VMs, and finds their addresses. */
async function findAddresses(database: Queryable, places: Places, some: readonly number[]): Promise<void> {
  const rows = await queryRows<HeldRow>(database, READ_HELD, [formatIds(places, some)]);
  for (const { position, held, digest } of rows) {
    const at = some[position - 1];
    if (at !== undefined) places.set(at, digest, findHeldAddress(held));
  }
  await takeTurn();
}

interface HeldRow {
  /** From 1. */
  readonly position: number;
  readonly held: string | null;
  readonly digest: Buffer;
}

function formatIds(places: Places, some: readonly number[]): string {
  return `{${some.map((at) => places.getId(at)).join(",")}}`;
}

/** What is held of each VM that was asked for, also of one that is gone. OFFSET keeps PostgreSQL from making the text twice. */
const ASKED = `(SELECT asked.position, ${HELD} AS held
  FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, position)
  LEFT JOIN vm_dynamic d ON d.vm_guid = asked.id OFFSET 0) AS f`;

const DIGEST = "decode(md5(coalesce(f.held, '')), 'hex')";

/** The digest is of the text of the same statement, so that they belong together whatever happens between two statements. */
const READ_HELD = `SELECT f.position::int AS position, f.held, ${DIGEST} AS digest FROM ${ASKED}`;

/** All digests are one value, as they are many. */
const READ_DIGESTS = `SELECT string_agg(${DIGEST}, ''::bytea ORDER BY f.position) AS digests FROM ${ASKED}`;
