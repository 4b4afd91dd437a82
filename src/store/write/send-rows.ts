/** Columns of rows that go to a statement: by name, PostgreSQL's type and the value of a row. */
export type SentColumns<Row> = Readonly<Record<string, readonly [type: string, read: (row: Row) => unknown]>>;

/** Rows as a source that a statement can select from, and its parameters. */
export interface SentRows {
  /** `unnest($1::uuid[], $2::text[]) AS g(id, name)` */
  readonly source: string;
  readonly parameters: unknown[][];
}

/**
 * Makes a source of rows with these columns, one array parameter a column. Name, type and value of a column stand side by
 * side, so that no value can get into another column. It is called `g` in the statement; its parameters come first.
 */
export function sendRows<Row>(rows: readonly Row[], columns: SentColumns<Row>): SentRows {
  return { source: formatSource(columns, 1), parameters: listValues(rows, columns) };
}

/** Formats the source alone, for a statement whose text is made once. Its parameters begin at the number `first`. */
export function formatSource<Row>(columns: SentColumns<Row>, first: number): string {
  const arrays = Object.values(columns).map(([type], index) => `$${first + index}::${type}[]`);
  return `unnest(${arrays.join(", ")}) AS g(${Object.keys(columns).join(", ")})`;
}

/** Lists the values of rows, one array a column, in the order of {@link formatSource}. */
export function listValues<Row>(rows: readonly Row[], columns: SentColumns<Row>): unknown[][] {
  return Object.values(columns).map(([, read]) => rows.map(read));
}
