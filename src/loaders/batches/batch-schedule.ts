/** When a batch is sent: `dispatch` sends it. */
export type BatchSchedule = (dispatch: () => void) => void;

/**
 * Creates a schedule of batches. A batch is sent when all that runs now has asked, and when nothing that was read before still
 * waits to be used: what waits may ask for more of the same. Where a request holds back nothing, `whenIdle` calls at once.
 */
export function createBatchSchedule(whenIdle: (listener: () => void) => void): BatchSchedule {
  return (dispatch) => {
    const tryDispatch = (): void => {
      let isLate = false;
      whenIdle(() => {
        // What was used last asks after this listener was called.
        if (isLate) runAfterPromises(tryDispatch);
        else dispatch();
      });
      isLate = true;
    };
    runAfterPromises(tryDispatch);
  };
}

/** Calls after all promises that are settled now have been followed up, as far as that goes without waiting. */
function runAfterPromises(work: () => void): void {
  void Promise.resolve().then(() => {
    process.nextTick(work);
  });
}
