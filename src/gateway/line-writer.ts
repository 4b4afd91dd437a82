import { escapeUnprintable } from "../model/printable.js";

/** Writes the lines of a log. */
export interface LineWriter {
  write(line: string): void;
  /** Writes a line of level `info` whose characters are printable. */
  writePrintable(line: string): void;
}

/**
 * Creates a writer that writes the lines of a burst together, since each write is a system call.
 * 1. A line is written at once, unless another one was within the last milliseconds. So a quiet process holds nothing
 *    back.
 * 2. Lines that follow wait until these milliseconds are over, and keep their order. A timer writes them, or the next
 *    line if the process is too busy for timers.
 * 3. They are written sooner with a warning or an error, if they are many, and when the process exits, even by an error
 *    that nobody caught. After that each line is written at once.
 *
 * Characters that a terminal would obey instead of showing, such as a change of the writing direction, are escaped as
 * in JSON. A process that is killed (SIGKILL) or aborts may lose the last lines of a burst. If it was busy since, these
 * may be old.
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
  const add = (line: string): void => {
    waiting += line;
    if (mayWait()) return;
    if (!isInBurst) setTimeout(endBurst, BURST_MS);
    isInBurst = true;
    flush();
  };
  const writer = {
    [PINO_TELLS_LEVELS]: true,
    // pino sets it before each line.
    lastLevel: 0,
    write: (line: string): void => {
      add(escapeUnprintable(line));
    },
    writePrintable: (line: string): void => {
      writer.lastLevel = INFO;
      add(line);
    },
  };
  return writer;
}

/** The property by which a stream asks pino for the level of each line. */
const PINO_TELLS_LEVELS = Symbol.for("pino.metadata");
const INFO = 30;
const WARNING = 40;

/** The time of a burst: long enough for several requests of a busy process, and shorter than anybody waits for a line. */
const BURST_MS = 10;

/** The most characters that wait. A log that is faster is written in more pieces. */
const MOST_CHARACTERS = 64 * 1024;
