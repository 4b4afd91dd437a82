import { formatError } from "../../gateway/format-error.js";
import { findRoutine, findSqlState } from "../../store/postgres/errors.js";
import { formatPolicyHint, LOCK_HINT } from "./finding.js";

/** The names that are filled into a hint, as a statement needs them. */
interface HintNames {
  readonly role: string;
  readonly schema: string;
}

/** Explains what to do about the failure of a statement. `ownHint` is for a right that is missing. */
export function explainFailure(error: unknown, names: HintNames, ownHint: string | undefined): string {
  const code = findSqlState(error) ?? "";
  if (code === "42501" && ownHint !== undefined) return fillHint(ownHint, names);
  const message = formatError(error);
  const routine = findRoutine(error) ?? "";
  const fitting = HINTS.find(
    ({ states, words, routines = /^/ }) => states.test(code) && words.test(message) && routines.test(routine),
  );
  return fillHint(fitting?.hint ?? "look into PostgreSQL's own log", names);
}

function fillHint(hint: string, { role, schema }: HintNames): string {
  return hint.replaceAll("{role}", () => role).replaceAll("{schema}", () => schema);
}

/**
 * Hints by PostgreSQL's code, its routine, and the text of the message, which may be in any language. The first that fits is used.
 */
const HINTS: readonly {
  readonly states: RegExp;
  readonly words: RegExp;
  readonly routines?: RegExp;
  readonly hint: string;
}[] = [
  {
    states: /^42501$/,
    words: /./,
    routines: /^(?:ExecWithCheckOptions|check_enable_rls)$/,
    hint: formatPolicyHint("{role}"),
  },
  { states: /^42501$/, words: /sequence/, hint: "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}" },
  { states: /^42501$/, words: /schema/, hint: "GRANT USAGE ON SCHEMA {schema} TO {role}" },
  {
    states: /^42501$/,
    words: /function/,
    hint: "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}",
  },
  {
    states: /^42501$/,
    words: /must be owner/,
    hint: "run `vnic-graph migrate` as {role}, or make {role} the owner of our tables",
  },
  {
    states: /^42501$/,
    words: /permission denied/,
    hint: "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
  },
  {
    states: /^42501$/,
    words: /./,
    hint: "the message says of what: of a table, sequence or function, GRANT it ON ALL of them IN SCHEMA {schema} TO {role}; of the schema, GRANT USAGE; of an owner's right, run `vnic-graph migrate` as {role}",
  },
  {
    states: /^25006$/,
    words: /./,
    hint: "give DATABASE_URL the primary; is default_transaction_read_only on, for {role}, the database or the server?",
  },
  { states: /^53100$/, words: /./, hint: "make room on the disk of the database's server" },
  { states: /^53/, words: /./, hint: "the database's server lacks memory or connections: see its own log" },
  {
    states: /^55P03$/,
    words: /./,
    hint: LOCK_HINT,
  },
  {
    states: /^57014$/,
    words: /./,
    hint: "the database is overloaded, or its tables need ANALYZE: see pg_stat_activity there",
  },
  {
    states: /^(?:42P01|42703|42883|42P10)$/,
    words: /./,
    hint: "the tables are not what migrations made: restore what was changed by hand",
  },
  {
    states: /^(?:22|23|P0001|09)/,
    words: /./,
    hint: "a constraint or a trigger that is not ours is in the way: take it off our tables",
  },
];
