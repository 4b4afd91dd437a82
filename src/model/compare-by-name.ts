/**
 * Compares rows by name, then id, by code units. The order is the same on every machine, whatever the database's collation.
 */
export function compareByName(left: NamedRow, right: NamedRow): number {
  if (left.name !== right.name) return left.name < right.name ? -1 : 1;
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}

interface NamedRow {
  readonly id: string;
  readonly name: string;
}

/** Compares texts by their bytes in UTF-8, as PostgreSQL's collation "C" does. */
export function compareByBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
