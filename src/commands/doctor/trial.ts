/** One thing that a gateway does with the database. */
export interface Trial {
  readonly what: string;
  readonly attempt: () => Promise<unknown>;
  /** What to do where a right is missing, if that differs from what it is for other statements. */
  readonly hint?: string;
  /** A gateway runs without it. */
  readonly isWarning?: boolean;
  /**
   * It locks tables that a running gateway needs: it is undone at once, and gives up soon. What gave up was not tried, which is
   * only a warning.
   */
  readonly isBrief?: boolean;
}
