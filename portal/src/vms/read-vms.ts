import type { Client } from "urql";
import { readProblem, type Problem } from "../api/problem.js";
import { VmCountQuery, VmPageQuery } from "../api/queries.js";
import type { Sort } from "../route.js";
import type { Search } from "./search.js";
import type { VmListRow } from "./vm-list-row.js";
import { toFilter } from "./vm-filter.js";

/** Rows of a list, and where the next ones begin; `null`: there are none. */
interface Rows {
  readonly rows: readonly VmListRow[];
  readonly cursor: string | null;
  readonly problem: Problem | null;
}

/** The most rows that the server gives at once. */
const MOST = 500;

/** Reads rows of the VMs that a search finds, in as many pages as needed, while they are wanted. */
export async function readRows(
  client: Client,
  search: Search,
  asked: {
    readonly sort: Sort;
    readonly count: number;
    /** The cursor of the row before; `null`: from the first one on. */
    readonly after: string | null;
    readonly isWanted: () => boolean;
  },
): Promise<Rows> {
  const { sort, count, isWanted } = asked;
  const rows: VmListRow[] = [];
  let cursor = asked.after;
  let problem: Problem | null = null;
  do {
    const first = Math.min(MOST, count - rows.length);
    const variables = { first, after: cursor, filter: toFilter(search), orderBy: sort };
    const { data, error } = await client.query(VmPageQuery, variables).toPromise();
    const { hasNextPage = false, endCursor = null } = data?.vms?.pageInfo ?? {};
    rows.push(...(data?.vms?.nodes ?? []));
    cursor = hasNextPage ? endCursor : null;
    problem = readProblem(error);
  } while (cursor !== null && problem === null && rows.length < count && isWanted());
  return { rows, cursor, problem };
}

/** Counts the VMs that a search finds; `null`: not known. */
export async function readTotal(client: Client, search: Search): Promise<number | null> {
  const { data } = await client.query(VmCountQuery, { filter: toFilter(search) }).toPromise();
  return data?.vms?.totalCount ?? null;
}
