/**
 * Picks each key's row, or `null`. A batch must answer in the order of its keys, but a statement returns rows in any order.
 */
export function pickOnePerKey<Row>(
  keys: readonly string[],
  rows: readonly Row[],
  getKey: (row: Row) => string,
): (Row | null)[] {
  const byKey = new Map(rows.map((row) => [getKey(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
}

/** Groups rows by key, each in the order in which they came; `[]` for a key without rows. */
export function groupPerKey<Row>(
  keys: readonly string[],
  rows: readonly Row[],
  getKey: (row: Row) => string | null,
): Row[][] {
  const byKey = new Map<string, Row[]>(keys.map((key) => [key, []]));
  for (const row of rows) {
    const key = getKey(row);
    if (key !== null) byKey.get(key)?.push(row);
  }
  return keys.map((key) => byKey.get(key) ?? []);
}
