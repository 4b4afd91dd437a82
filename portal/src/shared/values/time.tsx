import { useSyncExternalStore } from "react";
import { formatAgo } from "./format-ago.js";

/** Shows a point in time as "3 minutes ago", with the exact time in the reader's zone on hover. */
export function Ago({ at, prefix = "" }: { readonly at: string; readonly prefix?: string }) {
  const now = useSyncExternalStore(watchClock, readClock);
  return (
    <time dateTime={at} title={formatExact(at)}>
      {prefix}
      {formatAgo(new Date(at).getTime() - now)}
    </time>
  );
}

/** Formats a point in time in the reader's zone and language. */
export function formatExact(at: string): string {
  return EXACT.format(new Date(at));
}

/** It is created once, because creating one takes longer than using it, and a list has hundreds of times. */
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The interval at which times on the screen are updated. */
const TICK_MS = 10_000;

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function readClock(): number {
  return now;
}

/** Follows the page's clock. It is one clock for all times, and runs only while there are any. */
function watchClock(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === null) tick();
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}
