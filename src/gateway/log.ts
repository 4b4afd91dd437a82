import { type Logger, pino } from "pino";
import type { RequestLine, RequestLog } from "../server/admission/request-log.js";
import { createLineWriter } from "./line-writer.js";
import { createRequestFormat } from "./request-lines.js";

/** The gateway's log: one line of JSON for each event. */
export type Log = Logger & Partial<RequestLog>;

/**
 * Creates a log at a level. It may go to standard error instead, because standard output belongs to people and pipes of
 * commands. What becomes of the lines must not stop the gateway:
 * 1. When the reader of a pipe has gone, the log falls silent.
 * 2. While a line cannot be written otherwise, as on a full disk, lines are kept up to {@link MOST_KEPT_BYTES} and tried
 *    again with each further line. Those beyond are lost.
 * 3. While the reader of a pipe or socket does not read, the same holds, and they are also tried again by and by. Before the
 *    process exits it gives the reader up to {@link MOST_EXIT_TRIES} times {@link RETRY_MS} for what is kept.
 */
export function createLog(level: string, to: "stdout" | "stderr" = "stdout"): Log {
  // Node makes pipes and sockets non-blocking for this stream: a write that finds no room then fails instead of waiting.
  const { fd } = to === "stdout" ? process.stdout : process.stderr;
  const destination = pino.destination({
    fd,
    sync: true,
    maxLength: MOST_KEPT_BYTES,
    retryEAGAIN: () => false,
  });
  const writer = createLineWriter(destination);
  const formatTime = createTimeFormat();
  const log = pino(
    { level, base: null, timestamp: formatTime, formatters: { level: (label) => ({ level: label }) } },
    writer,
  );
  const writeKept = () => destination.write("");
  let retry: NodeJS.Timeout | null = null;
  destination.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") log.level = "silent";
    if (error.code !== "EAGAIN") return;
    retry ??= setTimeout(() => {
      retry = null;
      writeKept();
    }, RETRY_MS).unref();
  });
  destination.on("drop", writeKept);
  process.once("exit", () => {
    for (let tries = 0; retry !== null && tries < MOST_EXIT_TRIES; tries += 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      retry = null;
      writeKept();
    }
  });
  const formatRequest = createRequestFormat(formatTime);
  return Object.assign(log, {
    writeRequest: (line: RequestLine) => {
      if (log.isLevelEnabled("info")) writer.writePrintable(formatRequest(line));
    },
  });
}

const RETRY_MS = 50;
const MOST_EXIT_TRIES = 20;

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
