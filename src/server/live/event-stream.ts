/** Values that come one by one. `return` ends it also while the next value is waited for. */
export interface EventStream<Value> extends AsyncGenerator<Value, void, undefined> {
  /** Ends it, because nobody waits for more; does no harm where it has ended. */
  readonly abandon: () => void;
}

/**
 * Creates a stream from a generator that ends when its signal is aborted. The generator starts when the first value is
 * asked for.
 */
export function createEventStream<Value>(
  run: (signal: AbortSignal) => AsyncGenerator<Value, void, undefined>,
): EventStream<Value> {
  const controller = new AbortController();
  const generator = run(controller.signal);
  const isAbandoned = (): boolean => controller.signal.aborted;
  const abandon = (): void => {
    controller.abort();
  };
  const end = async (): Promise<IteratorReturnResult<void>> => {
    abandon();
    // A wait for the next value ends now; if it ends with an error, nobody needs to know.
    await generator.return(undefined).catch(() => undefined);
    return { done: true, value: undefined };
  };
  const stream: EventStream<Value> = {
    abandon,
    next: async () => {
      if (controller.signal.aborted) return end();
      try {
        return await generator.next();
      } catch (error) {
        if (isAbandoned()) return { done: true, value: undefined };
        abandon();
        throw error;
      }
    },
    return: end,
    throw: end,
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
