import { createHash } from "node:crypto";

/**
 * Names the reading statements of a process, so that each connection lets PostgreSQL plan a statement only once.
 * Planning costs more than reading a few rows by an index.
 */
export class StatementNames {
  /** The name of each text that came; `null`: it came once. */
  private readonly names = new Map<string, string | null>();
  private generation = 0;
  private isOff = false;

  /**
   * Finds the name with which to send a statement, or `null` if it has none. A text has one from the second time on: what
   * comes once would only take the room of others.
   */
  find(text: string): string | null {
    if (this.isOff || !READING.test(text)) return null;
    const known = this.names.get(text);
    if (typeof known === "string") return known;
    // Texts differ by their filters and by the number of their keys, so there are few. The limit is for a client that tries all
    // of them.
    if (this.names.size === MAX_NAMES) this.names.clear();
    const name =
      known === undefined
        ? null
        : `s${this.generation}_${createHash("sha256").update(text).digest("base64url").slice(0, 22)}`;
    this.names.set(text, name);
    return name;
  }

  /**
   * Learns from the failure of a named statement. Returns `true` if the name was the reason, so that the same statement
   * without a name may succeed.
   */
  learnFrom(error: unknown): boolean {
    const { code } = error as { readonly code?: unknown };
    if (code === FEATURE_NOT_SUPPORTED) {
      // A migration changed the columns that a kept plan returns. New names make every connection plan again.
      this.generation += 1;
      this.names.clear();
      return true;
    }
    if (code === NO_SUCH_STATEMENT || code === DUPLICATE_STATEMENT) {
      // A pooler between us and the server gives each statement another session.
      this.isOff = true;
      return true;
    }
    return false;
  }
}

/** The highest number of plans of one connection. Each takes some ten kilobytes in the server's process. */
export const MAX_NAMES_A_CONNECTION = 100;

const MAX_NAMES = 1000;
const READING = /^\s*(?:SELECT|WITH)\b/i;
/** PostgreSQL's codes: a cached plan must not change its result type; the session lacks the name, or has it already. */
const FEATURE_NOT_SUPPORTED = "0A000";
const NO_SUCH_STATEMENT = "26000";
const DUPLICATE_STATEMENT = "42P05";
