/**
 * Creates a task that never runs twice at the same time. A call that comes while it runs starts another run afterwards.
 * So the last run sees what was true at the last call, and nothing older can overwrite its result.
 */
export function createSerialTask(run: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => (last = last.then(run, run));
}
