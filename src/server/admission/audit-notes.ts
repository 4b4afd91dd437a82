/** What the log line of a request says besides method, path and status. Only a GraphQL request fills all of it. */
export interface AuditNotes {
  /** `answered`, or the code of the error. `null`: the status decides, `answered` below 400 and `refused` from there on. */
  decision: string | null;
  operation: string | null;
  hash: string | null;
  cost: number | null;
  rows: number | null;
  /** `true` for a stream: its line is written when it has ended, not when it is ready to be sent. */
  isLasting: boolean;
}
