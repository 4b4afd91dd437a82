import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A wall clock for processes that are started with its environment. It runs normally, and jumps when it is told to. */
export interface SteppedClock {
  readonly environment: Readonly<Record<string, string>>;
  /** Sets the clock so many seconds ahead of the machine's; negative: behind it. */
  step(seconds: number): void;
  remove(): void;
}

/** Paths at which Debian and others install libfaketime for programs with threads. */
const LIBRARIES = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
  .map((machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`)
  .concat("/usr/lib64/faketime/libfaketimeMT.so.1");

/** Creates such a clock; `null`: libfaketime is not installed. The clock that measures durations never jumps. */
export function createSteppedClock(): SteppedClock | null {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), "vnic-graph-clock-"));
  // PostgreSQL runs as another user.
  chmodSync(folder, 0o755);
  const file = join(folder, "clock");
  const step = (seconds: number): void => {
    writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}`);
  };
  step(0);
  return {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    },
    step,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
