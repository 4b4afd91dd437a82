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
  const entries = Object.entries(columns);
  const arrays = entries.map(([, [type]], index) => `$${index + 1}::${type}[]`);
  const names = entries.map(([name]) => name);
  return {
    source: `unnest(${arrays.join(", ")}) AS g(${names.join(", ")})`,
    parameters: entries.map(([, [, read]]) => rows.map(read)),
  };
}
