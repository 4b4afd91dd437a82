import { type Logger, pino } from "pino";
import { createLineWriter } from "./line-writer.js";

/** The gateway's log: one line of JSON for each event. */
export type Log = Logger;

/**
 * Creates a log at a level. It may go to standard error instead, because standard output belongs to people and pipes of
 * commands. When the reader of a pipe has gone, the log falls silent: that must not stop the gateway.
 */
export function createLog(level: string, to: "stdout" | "stderr" = "stdout"): Log {
  const destination = pino.destination({ fd: to === "stdout" ? 1 : 2, sync: true });
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
    if (error.code !== "EPIPE") throw error;
    log.level = "silent";
  });
  return log;
}

/** Creates the function that formats the present time for a line. Lines of one millisecond share one text. */
function createTimeFormat(): () => string {
  let [shownMs, text] = [Number.NaN, ""];
  return () => {
    const nowMs = Date.now();
    if (nowMs !== shownMs) [shownMs, text] = [nowMs, `,"time":"${new Date(nowMs).toISOString()}"`];
    return text;
  };
}
