/** Resolves when the work that was started waits for I/O or a timer. Callbacks of settled promises run first. */
export function waitForPromises(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
