/** What the log line of a request says beyond what HTTP knows; a GraphQL request fills all of it. */
export interface AuditNotes {
  /** `null`: as HTTP says, `answered` below 400 and `refused` from there on. */
  decision: string | null;
  operation: string | null;
  hash: string | null;
  cost: number | null;
  rows: number | null;
}
