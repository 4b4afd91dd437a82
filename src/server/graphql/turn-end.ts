let atTurnEnd: Promise<void> | null = null;

/**
 * Resolves when all that came in this turn of the event loop has been looked at. Answers that wait for it leave together: the
 * first one wakes the client's process, which costs more than to write, and the others find it awake. At rest it costs nothing
 * that can be measured.
 */
export function waitForTurnEnd(): Promise<void> {
  atTurnEnd ??= new Promise((resolve) => {
    setImmediate(() => {
      atTurnEnd = null;
      resolve();
    });
  });
  return atTurnEnd;
}
