/** The changes behind a cursor cannot be read any more. The reader has to begin with the current state. */
export class LostCursorError extends Error {
  override readonly name = "LostCursorError";

  constructor(readonly reason: "expired" | "other-log") {
    super(
      reason === "expired"
        ? "the changes behind this cursor are older than HISTORY_RETENTION and were dropped; begin without a cursor"
        : "this cursor is of another database, or of the time before a copy took over; begin without a cursor",
    );
  }
}

/**
 * Where the log stands is not known: a gateway finds that out before it is ready, and anew after a copy took over, and follows the
 * log from there.
 */
export class LogPositionUnknownError extends Error {
  override readonly name = "LogPositionUnknownError";
  /** Read by the graph and by HTTP. */
  readonly extensions = { code: "NOT_AVAILABLE" };

  constructor() {
    super(
      "changeCursor: where the log stands is being found out, or it grows too fast; try again in a moment",
    );
  }
}

/** A subscriber reads more slowly than changes come, and was disconnected. It can continue from its last cursor. */
export class SlowReaderError extends Error {
  override readonly name = "SlowReaderError";

  constructor(readonly waiting: number) {
    super(
      `more than ${waiting} events wait to be read; subscribe again after the last cursor, and read faster`,
    );
  }
}
