import { createHash } from "node:crypto";

/**
 * Names the reading statements of a process, so that each connection lets PostgreSQL plan a statement only once.
 * Planning costs more than reading a few rows by an index.
 */
export class StatementNames {
  private readonly names = new Map<string, string>();
  private generation = 0;
  private isOff = false;

  /** Finds the name to send the statement by, or `null` if it is to be sent without one. */
  find(text: string): string | null {
    if (this.isOff || !READING.test(text)) return null;
    let name = this.names.get(text);
    if (name === undefined) {
      // Texts differ by which filters are used, so there are few. A client that tries them all gets no more than this.
      if (this.names.size === MAX_NAMES) this.names.clear();
      name = `s${this.generation}_${createHash("sha256").update(text).digest("base64url").slice(0, 22)}`;
      this.names.set(text, name);
    }
    return name;
  }

  /**
   * Learns from a failure of a named statement. Returns true if the name was the reason, so that the same statement without
   * one may succeed.
   */
  learnFrom(error: unknown): boolean {
    const { code } = error as { readonly code?: unknown };
    if (code === FEATURE_NOT_SUPPORTED) {
      // A migration changed what a kept plan returns. New names make every connection plan anew.
      this.generation += 1;
      this.names.clear();
      return true;
    }
    if (code === NO_SUCH_STATEMENT || code === DUPLICATE_STATEMENT) {
      // Something between us and the server gives each statement another session.
      this.isOff = true;
      return true;
    }
    return false;
  }
}

/** A connection keeps so many plans in its server process at most; each takes some ten kilobytes. */
export const MAX_NAMES_A_CONNECTION = 100;

const MAX_NAMES = 1000;
const READING = /^\s*(?:SELECT|WITH)\b/i;
/** PostgreSQL's SQLSTATEs for "cached plan must not change result type" and for names that a session lacks or has twice. */
const FEATURE_NOT_SUPPORTED = "0A000";
const NO_SUCH_STATEMENT = "26000";
const DUPLICATE_STATEMENT = "42P05";
