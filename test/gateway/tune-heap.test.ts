import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** Runs a program with a tuned heap or a free one, and returns what it prints. */
function run(program: string, word: "tuned" | "free", flags: readonly string[] = []): string {
  const tune = `
    const { tuneHeap } = await import("./src/gateway/tune-heap.ts");
    if (process.argv[1] === "tuned") tuneHeap();
  `;
  const { stdout } = spawnSync(
    process.execPath,
    [
      ...["--max-old-space-size=4096", ...flags],
      ...["--import", "tsx", "--input-type=module", "--eval", tune + program, word],
    ],
    { encoding: "utf8" },
  );
  return stdout;
}

/** Keeps some megabytes alive, makes garbage that lives for a while, and prints the largest heap in megabytes. */
const GROWING = `
  const create = (count) => Array.from({ length: count }, (_, at) => ({ at, text: "x" + at }));
  const alive = create(150_000);
  let kept = [];
  let peak = 0;
  for (let round = 0; round < 200; round++) {
    kept.push(create(20_000));
    if (kept.length > 20) kept = [];
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  }
  console.log(Math.round(peak / 1_048_576), alive.length);
`;

test("a process whose heap's growth is bounded holds far less garbage", () => {
  const [bounded, free] = (["tuned", "free"] as const).map((word) =>
    Number(run(GROWING, word).split(" ")[0]),
  );
  expect(bounded).toBeGreaterThan(10);
  expect(bounded).toBeLessThan(0.8 * (free ?? 0));
});

/** Makes arrays that live long, by one line of code. */
const KEEPING = `
  function make(at) {
    const made = [];
    made.push(at);
    return made;
  }
  const kept = [];
  for (let at = 0; at < 1_500_000; at++) kept.push(make(at));
`;

test("V8 makes no objects old from the start, as it otherwise does where objects of a line of code live long", () => {
  // V8 says what it thinks of doing with further objects of each line.
  const listDecisions = (word: "tuned" | "free") =>
    run(KEEPING, word, ["--trace-pretenuring-statistics"]).match(/=> (?:maybe )?tenure$/gm) ?? [];
  expect(listDecisions("tuned")).toEqual([]);
  expect(listDecisions("free")).not.toEqual([]);
});
