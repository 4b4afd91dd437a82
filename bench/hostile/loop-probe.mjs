import { appendFileSync, readFileSync } from "node:fs";
import process from "node:process";
import { setInterval } from "node:timers";
import { isMainThread } from "node:worker_threads";

/**
 * Writes, four times a second, how long the main thread was busy without a pause, in milliseconds of CPU. It is loaded
 * into a server before the server's own code. Other processes on the machine do not disturb CPU time, but would disturb
 * the clock's.
 */

const TURN_MS = 5;
const REPORT_MS = 250;
const file = process.env.LOOP_PROBE_FILE;

if (isMainThread && file !== undefined) {
  const readCpuMs = () =>
    Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  let lastMs = readCpuMs();
  let longestMs = 0;
  setInterval(() => {
    const nowMs = readCpuMs();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }, TURN_MS).unref();
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    const line = { at: Date.now(), longestMs, cpuMs: (user + system) / 1e3, rss: process.memoryUsage.rss() };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
    longestMs = 0;
  }, REPORT_MS).unref();
}
