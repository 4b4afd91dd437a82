import type { FairSlots } from "../model/fair-slots.js";
import type { LeaveSlot } from "../model/slots.js";

/** Joins the next run; `null`: the signal has ended the wait for it. */
export type SharedSlot<Result> = (viewer: string, signal: AbortSignal) => Promise<Result | null>;

/** The callers of one viewer who wait for the next run. */
interface Line<Result> {
  readonly callers: Set<(result: Promise<Result>) => void>;
  withdraw: () => void;
}

/**
 * Creates a function whose callers share runs, each of which has a slot:
 * 1. All who call before a run begins share it. It begins at the turn of the first of their viewers.
 * 2. All who call while it is active share the next one, which asks for a slot after it.
 * 3. A run that nobody wants any more does not begin. `onIdle` is called when none is active or waiting.
 */
export function shareSlot<Result>(
  slots: FairSlots,
  run: () => Promise<Result>,
  onIdle: () => void,
): SharedSlot<Result> {
  let lines = new Map<string, Line<Result>>();
  let isActive = false;
  const noteIdle = (): void => {
    if (lines.size === 0 && !isActive) onIdle();
  };

  const begin = (leave: LeaveSlot): void => {
    const served = lines;
    lines = new Map();
    isActive = true;
    for (const { withdraw } of served.values()) withdraw();
    const result = run();
    for (const { callers } of served.values()) for (const settle of callers) settle(result);
    const end = (): void => {
      isActive = false;
      for (const [viewer, line] of lines) line.withdraw = slots.ask(viewer, begin);
      leave();
      noteIdle();
    };
    void result.then(end, end);
  };

  const openLine = (viewer: string): Line<Result> => {
    const line = {
      callers: new Set<(result: Promise<Result>) => void>(),
      withdraw: isActive ? () => undefined : slots.ask(viewer, begin),
    };
    lines.set(viewer, line);
    return line;
  };
  const closeLine = (viewer: string, { withdraw }: Line<Result>): void => {
    withdraw();
    lines.delete(viewer);
    noteIdle();
  };

  return (viewer, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve(null);
        noteIdle();
        return;
      }
      const line = lines.get(viewer) ?? openLine(viewer);
      const settle = (result: Promise<Result>): void => {
        signal.removeEventListener("abort", abandon);
        resolve(result);
      };
      const abandon = (): void => {
        line.callers.delete(settle);
        if (line.callers.size === 0) closeLine(viewer, line);
        resolve(null);
      };
      line.callers.add(settle);
      signal.addEventListener("abort", abandon, { once: true });
    });
}
