import type { GraphQLFormattedError } from "graphql";

/** The most errors of an answer. No client reads more, and no log should hold more. */
const MAX_ERRORS = 20;

/**
 * Merges errors of one cause into one, with the path of the first and their number. Keeps at most 20. Otherwise one
 * statement that fails for 5,000 VMs would give 5,000 errors.
 */
export function mergeErrors(errors: readonly GraphQLFormattedError[]): readonly GraphQLFormattedError[] {
  const byCause = new Map<string, { readonly first: GraphQLFormattedError; count: number }>();
  for (const error of errors) {
    const cause = `${String(error.extensions?.["code"])} ${error.message}`;
    const known = byCause.get(cause);
    if (known === undefined) byCause.set(cause, { first: error, count: 1 });
    else known.count++;
  }
  const merged = [...byCause.values()].map(({ first, count }) =>
    count === 1 ? first : { ...first, extensions: { ...first.extensions, occurrences: count } },
  );
  if (merged.length <= MAX_ERRORS) return merged;
  const kept = merged.slice(0, MAX_ERRORS - 1);
  const left = merged.length - kept.length;
  return [...kept, { message: `${left} more errors are left out.`, extensions: { code: "MORE_ERRORS" } }];
}
