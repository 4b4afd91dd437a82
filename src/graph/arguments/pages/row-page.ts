import { ArgsType, Field, Int } from "type-graphql";
import { DEFAULT_PAGE, MAX_PAGE, parsePageSize } from "../arguments.js";
import { formatRowCursor, parseRowCursor } from "./row-cursor.js";
import type { CursorForm } from "./cursor-forms.js";

/** Which page of a list a client wants. */
@ArgsType()
export class RowPageArguments {
  @Field(() => Int, {
    nullable: true,
    description: `So many at most, from 1 to ${MAX_PAGE}; null means ${DEFAULT_PAGE}.`,
  })
  readonly first?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Only what is behind this cursor of the same list. Null: from the start.",
  })
  readonly after?: string | null;
}

/** How a list is read page by page. */
export interface RowList<Row> {
  /** Names the list in its cursors. */
  readonly name: string;
  /** Returns the texts that mark a row's position; `forms` checks them when they come back in a cursor. */
  readonly getCursorParts: (row: Row) => readonly string[];
  readonly forms: readonly CursorForm[];
  readonly read: (page: {
    readonly limit: number;
    readonly after: readonly string[] | null;
  }) => Promise<readonly Row[]>;
  readonly count: () => Promise<number>;
}

/** Reads a page, and one row more to know whether there is a next page. */
export async function loadRowPage<Row>(
  { first, after }: RowPageArguments,
  { name, getCursorParts, forms, read, count }: RowList<Row>,
) {
  const size = parsePageSize(first, DEFAULT_PAGE);
  const last = after == null ? null : parseRowCursor(name, after, forms);
  const rows = await read({ limit: size + 1, after: last });
  const edges = rows
    .slice(0, size)
    .map((node) => ({ node, cursor: formatRowCursor(name, getCursorParts(node)) }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: last !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: count,
  };
}
