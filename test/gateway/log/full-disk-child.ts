import { createInterface } from "node:readline";
import { createLog } from "../../../src/gateway/log.js";

/** Logs each line that it reads, and says on standard error that it did. */
const log = createLog("info");
for await (const line of createInterface(process.stdin)) {
  for (let left = Number(line); left > 0; left -= 1) log.warn({ left, room: "x".repeat(100) }, "line");
  process.stderr.write(`${line} logged\n`);
}
