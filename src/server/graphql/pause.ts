import { TURN_MS } from "./cost/turns.js";

/** Pauses work for other requests if it has run long enough; `undefined`: it goes on at once. */
export type Pause = () => Promise<void> | undefined;

/** Creates the function that pauses work for other requests, whenever it has run for {@link TURN_MS}. `onTurn` is called after each pause. */
export function createPause(onTurn: () => void = () => undefined): Pause {
  let startedAt = performance.now();
  return () => {
    if (performance.now() - startedAt < TURN_MS) return undefined;
    return new Promise<void>((resolve) => {
      setImmediate(resolve);
    }).then(() => {
      startedAt = performance.now();
      onTurn();
    });
  };
}
