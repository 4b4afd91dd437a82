import { type Logger, pino, stdTimeFunctions } from "pino";

/** Where events go: one line of JSON each. */
export type Log = Logger;

/** A log at a level; standard output belongs to people and pipes of commands, so it may go to standard error instead. */
export function createLog(level: string, to: "stdout" | "stderr" = "stdout"): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: to === "stdout" ? 1 : 2, sync: true }),
  );
}
