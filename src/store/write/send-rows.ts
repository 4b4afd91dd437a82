/** The columns of rows that are sent to a statement: name, PostgreSQL's type, and how to read the value of a row. */
export type SentColumns<Row> = Readonly<Record<string, readonly [type: string, read: (row: Row) => unknown]>>;

/** Rows as a source from which a statement can select, and its parameters. */
export interface SentRows {
  /** `unnest($1::uuid[], $2::text[]) AS g(id, name)` */
  readonly source: string;
  readonly parameters: unknown[][];
}

/**
 * Makes a source of rows, with one array parameter for each column. Name, type and value of a column are declared together,
 * so that no value can get into another column. The statement calls the source `g`; its parameters come first.
 */
export function sendRows<Row>(rows: readonly Row[], columns: SentColumns<Row>): SentRows {
  return { source: formatSource(columns, 1), parameters: listValues(rows, columns) };
}

/** Formats only the source, for a statement whose text is made once. Its parameters begin with number `first`. */
export function formatSource<Row>(columns: SentColumns<Row>, first: number): string {
  const arrays = Object.values(columns).map(([type], index) => `$${first + index}::${type}[]`);
  return `unnest(${arrays.join(", ")}) AS g(${Object.keys(columns).join(", ")})`;
}

/** Lists the values of rows as one array for each column, in the order of {@link formatSource}. */
export function listValues<Row>(rows: readonly Row[], columns: SentColumns<Row>): unknown[][] {
  return Object.values(columns).map(([, read]) => rows.map(read));
}
