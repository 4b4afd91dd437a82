import { createLog } from "../../src/gateway/log.js";

/** Logs many lines at once, and ends the way that the first word says. */
const log = createLog("info");
process.on("SIGTERM", () => {
  process.exit(143);
});
for (let at = 0; at < 500; at++) log.info({ at });
switch (process.argv[2]) {
  case "SIGTERM":
    process.kill(process.pid, "SIGTERM");
    break;
  case "after exit":
    process.on("exit", () => {
      log.info({ at: "exit" });
    });
    process.exit(0);
    break;
  case "process.exit":
    process.exit(1);
    break;
  default:
    throw new Error("nobody catches this");
}
