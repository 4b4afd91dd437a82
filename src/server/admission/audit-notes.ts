/** What the log line of a request says beyond what HTTP knows; a GraphQL request fills all of it. */
export interface AuditNotes {
  /** `null`: as HTTP says, `answered` below 400 and `refused` from there on. */
  decision: string | null;
  operation: string | null;
  hash: string | null;
  cost: number | null;
  rows: number | null;
  /** The line is written when the answer has been sent or has ended, since sending it is the work. */
  isLasting: boolean;
}
