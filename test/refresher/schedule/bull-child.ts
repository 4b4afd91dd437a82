import { createBullSchedule } from "../../../src/refresher/schedule/bull-schedule.js";
import type { PassOutcome } from "../../../src/refresher/schedule/schedule.js";
import { hostsNamed } from "./polling-diary.js";

/** A replica in a process of its own, to be killed; tells the id of every host that it polls. */
const [url = "", installation = "", hosts = "", intervalMs = ""] = process.argv.slice(2);
const quiet = () => undefined;
createBullSchedule<PassOutcome>(
  { url, installation },
  { debug: quiet, info: quiet, warn: quiet, error: quiet },
)({
  hosts: hostsNamed(Number(hosts)),
  intervalMs: Number(intervalMs),
  concurrency: 32,
  now: () => performance.now(),
  random: Math.random,
  run: ({ id }) => {
    process.send?.(id);
    return Promise.resolve({ failure: null });
  },
});
