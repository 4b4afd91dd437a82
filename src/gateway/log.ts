import { type Logger, pino } from "pino";
import { createLineWriter } from "./line-writer.js";

/** The gateway's log: one line of JSON for each event. */
export type Log = Logger;

/**
 * Creates a log at a level. It may go to standard error instead, because standard output belongs to people and pipes of
 * commands. What becomes of the lines must not stop the gateway:
 * 1. When the reader of a pipe has gone, the log falls silent.
 * 2. While a line cannot be written otherwise, as on a full disk, lines are kept up to {@link MOST_KEPT_BYTES} and tried
 *    again with each further line. Those beyond are lost.
 */
export function createLog(level: string, to: "stdout" | "stderr" = "stdout"): Log {
  const destination = pino.destination({
    fd: to === "stdout" ? 1 : 2,
    sync: true,
    maxLength: MOST_KEPT_BYTES,
  });
  const log = pino(
    {
      level,
      base: null,
      timestamp: createTimeFormat(),
      formatters: { level: (label) => ({ level: label }) },
    },
    createLineWriter(destination),
  );
  destination.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") log.level = "silent";
  });
  // Tries to write what is kept.
  destination.on("drop", () => destination.write(""));
  return log;
}

/** Bytes of lines that wait for room. */
const MOST_KEPT_BYTES = 1024 * 1024;

/** Creates the function that formats the present time for a line. Lines of one millisecond share one text. */
function createTimeFormat(): () => string {
  let [shownMs, text] = [Number.NaN, ""];
  return () => {
    const nowMs = Date.now();
    if (nowMs !== shownMs) [shownMs, text] = [nowMs, `,"time":"${new Date(nowMs).toISOString()}"`];
    return text;
  };
}
