/** Decides when a batch is sent: calls `dispatch`, which sends it. */
export type BatchSchedule = (dispatch: () => void) => void;

/**
 * Creates a schedule of batches. A batch is sent when all code that runs now has asked, and no earlier result waits to be
 * used, because its use may ask for more of the same. If a request holds back no results, `whenIdle` calls its listener at
 * once.
 */
export function createBatchSchedule(whenIdle: (listener: () => void) => void): BatchSchedule {
  return (dispatch) => {
    const tryDispatch = (): void => {
      let isLate = false;
      whenIdle(() => {
        // The use of the last result asks only after this listener was called.
        if (isLate) runAfterPromises(tryDispatch);
        else dispatch();
      });
      isLate = true;
    };
    runAfterPromises(tryDispatch);
  };
}

/** Calls `work` after the reactions to all settled promises have run, if they need not wait for something else. */
function runAfterPromises(work: () => void): void {
  void Promise.resolve().then(() => {
    process.nextTick(work);
  });
}
