/** One thing that a gateway does with the database. */
export interface Trial {
  readonly what: string;
  readonly attempt: () => Promise<unknown>;
  /** What to do if a right is missing, if that differs from the usual hint. */
  readonly hint?: string;
  /** `true` if a gateway runs without it. */
  readonly isWarning?: boolean;
  /**
   * `true` if it locks tables that a running gateway needs. Then it is undone at once, and gives up soon if it has to
   * wait. Giving up is only a warning, since nothing was tried.
   */
  readonly isBrief?: boolean;
}
