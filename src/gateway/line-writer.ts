import { escapeUnprintable } from "../model/printable.js";

/** Takes a log's lines, and writes them to where they go. */
export interface LineWriter {
  write(line: string): void;
}

/**
 * Creates a writer that writes lines of a burst together, since each write is a call of the system.
 * 1. A line goes out at once unless another did within the last milliseconds. So a quiet process keeps nothing back.
 * 2. Those that follow wait until these milliseconds are over, in their order: by a timer, or by the next line where the process
 *    is too busy for timers.
 * 3. They go out sooner with a warning or an error, where they are many, and when the process exits, also by an error that
 *    nobody caught. From then on each line goes out at once.
 * What a terminal would obey instead of showing, such as a change of the direction of writing, is escaped as JSON may.
 * A process that is killed (SIGKILL) or aborts may lose the lines of a burst's last milliseconds, also where these are long ago and
 * it was busy since.
 */
export function createLineWriter(destination: { write(text: string): unknown }): LineWriter {
  let waiting = "";
  let isInBurst = false;
  let hasExited = false;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    if (waiting === "") return;
    const text = waiting;
    waiting = "";
    writtenAtMs = performance.now();
    destination.write(text);
  };
  const endBurst = (): void => {
    if (waiting === "") isInBurst = false;
    else setTimeout(endBurst, BURST_MS);
    flush();
  };
  const mayWait = (): boolean =>
    isInBurst &&
    !hasExited &&
    writer.lastLevel < WARNING &&
    waiting.length < MOST_CHARACTERS &&
    performance.now() - writtenAtMs < BURST_MS;
  process.once("exit", () => {
    hasExited = true;
    flush();
  });
  const writer = {
    [PINO_TELLS_LEVELS]: true,
    // pino sets it before each line.
    lastLevel: 0,
    write(line: string): void {
      waiting += escapeUnprintable(line);
      if (mayWait()) return;
      if (!isInBurst) setTimeout(endBurst, BURST_MS);
      isInBurst = true;
      flush();
    },
  };
  return writer;
}

/** By this property a stream asks pino for the level of each line. */
const PINO_TELLS_LEVELS = Symbol.for("pino.metadata");
const WARNING = 40;

/** Long enough for several requests of a busy process, and shorter than anybody waits for a line. */
const BURST_MS = 10;

/** A log that is written faster than this each burst goes out in more pieces. */
const MOST_CHARACTERS = 64 * 1024;
