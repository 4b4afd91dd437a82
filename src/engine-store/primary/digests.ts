import { queryRows, type Queryable } from "../../store/postgres/sql.js";
import { HELD } from "./held.js";

/** The statements that read the texts of VMs, and their digests. `$1`: the ids of VMs, as `uuid[]`. */
export interface DigestReads {
  /** Selects `position`, `held` and `digest` of each VM, also of one that is gone. */
  readonly readHeld: string;
  /** Selects the digests of all VMs as one value, as they are many. */
  readonly readDigests: string;
}

/** Chooses what PostgreSQL can compute. From 14 on, its MD5 fails on systems that allow no MD5 (FIPS); SHA-256 came with 11. */
export async function chooseDigests(database: Queryable): Promise<DigestReads> {
  const [row] = await queryRows<{ version: number }>(database, READ_VERSION);
  return buildReads((row?.version ?? 0) >= 140_000 ? SHA_256 : MD5);
}

const READ_VERSION = "SELECT current_setting('server_version_num')::int AS version";

/** The first 16 bytes of SHA-256. */
const SHA_256 = "substring(sha256(convert_to(coalesce(f.held, ''), 'UTF8')) FROM 1 FOR 16)";
const MD5 = "decode(md5(coalesce(f.held, '')), 'hex')";

/** A digest is of the text of the same statement, so that they belong together whatever happens between two statements. */
function buildReads(digest: string): DigestReads {
  return {
    readHeld: `SELECT f.position::int AS position, f.held, ${digest} AS digest FROM ${ASKED}`,
    readDigests: `SELECT string_agg(${digest}, ''::bytea ORDER BY f.position) AS digests FROM ${ASKED}`,
  };
}

/** What is held of each VM that was asked for, also of one that is gone. OFFSET keeps PostgreSQL from making the text twice. */
const ASKED = `(SELECT asked.position, ${HELD} AS held
  FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, position)
  LEFT JOIN vm_dynamic d ON d.vm_guid = asked.id OFFSET 0) AS f`;
