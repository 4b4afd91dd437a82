import { queryRows, type Queryable } from "../../postgres/sql.js";
import type { LogMark } from "../log-reader.js";

/** How far the index is. */
export interface IndexState {
  readonly cursor: string | null;
  readonly markXid: string | null;
  readonly markSeq: string | null;
  readonly builtTo: string | null;
  readonly isBuilt: boolean;
  /** The rule of the stored primary addresses (see `isRefreshDue`). */
  readonly primaryRule: number | null;
  /** It was written so long ago that its cursor should be written again, although nothing changed. */
  readonly isOld: boolean;
}

/** Reads how far the index is. */
export async function readState(database: Queryable): Promise<IndexState> {
  const [state] = await queryRows<IndexState>(
    database,
    `SELECT cursor, mark_xid AS "markXid", mark_seq AS "markSeq", built_to AS "builtTo", is_built AS "isBuilt",
       primary_rule AS "primaryRule", written_at < now() - interval '1 minute' AS "isOld" FROM vnic_graph_address_index`,
  );
  if (state === undefined) throw new Error("vnic_graph_address_index has no row; it was emptied by hand");
  return state;
}

/** Returns the mark that is stored beside the index; `null`: there is none. */
export function readMark({ markXid, markSeq }: IndexState): LogMark | null {
  return markXid === null || markSeq === null ? null : { nextXid: BigInt(markXid), seq: BigInt(markSeq) };
}
