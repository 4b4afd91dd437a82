/** The result of one check. */
export interface Finding {
  readonly verdict: "ok" | "warn" | "fail";
  /** What was checked, such as `database` or `host h1:54321`. */
  readonly check: string;
  readonly what: string;
  /** What to do about it; `null`: nothing. */
  readonly mend: string | null;
}

/** Creates the finding that something works. */
export function createOkFinding(check: string, what: string): Finding {
  return { verdict: "ok", check, what, mend: null };
}

/** Creates a warning: it works, but somebody should look at it. */
export function warn(check: string, what: string, mend: string): Finding {
  return { verdict: "warn", check, what, mend };
}

/** Creates a failure: it does not work. */
export function fail(check: string, what: string, mend: string): Finding {
  return { verdict: "fail", check, what, mend };
}

/** Creates the finding about a certificate's end; `null`: it is valid for long enough. */
export function createExpiryFinding(
  check: string,
  whose: string,
  validTo: string,
  mend: string,
): Finding | null {
  const daysLeft = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
  if (daysLeft >= DAYS_TO_RENEW) return null;
  if (daysLeft < 0) return fail(check, `${whose} expired on ${validTo}`, mend);
  return warn(check, `${whose} expires in ${daysLeft} days, on ${validTo}`, mend);
}

const DAY_MS = 24 * 3_600_000;

/** The days before a certificate's end from which it is a warning, as in oVirt itself. */
const DAYS_TO_RENEW = 30;

/** What to do where row-level security is in the way of a role. */
export function formatPolicyHint(role: string): string {
  return `ALTER TABLE … DISABLE ROW LEVEL SECURITY at our tables, or ALTER ROLE ${role} BYPASSRLS`;
}

/** What to do where a statement waited for a lock. */
export const LOCK_HINT = "somebody holds a lock: see pg_stat_activity and pg_locks there, and ask again";
