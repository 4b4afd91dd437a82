let atTurnEnd: Promise<void> | null = null;

/**
 * Resolves at the end of this turn of the event loop, when all that arrived in it has been handled. Answers that wait
 * for it are sent together: the first one wakes the client's process, which costs more than the write, and the others
 * find it awake. On an idle server the wait is too short to be measured.
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
