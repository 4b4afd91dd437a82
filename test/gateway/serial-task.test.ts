import { expect, test } from "vitest";
import { createSerialTask } from "../../src/gateway/serial-task.js";

test("a reload that reads slowly cannot bring back what a later one saw removed", async () => {
  let file = "old";
  let held = "";
  let release: () => void = () => undefined;
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  let runs = 0;
  const reload = createSerialTask(async () => {
    const read = file;
    if (++runs === 1) await isReleased;
    held = read;
  });
  const first = reload();
  await Promise.resolve();
  file = "new";
  const second = reload();
  await Promise.resolve();
  expect(runs).toBe(1);
  release();
  await Promise.all([first, second]);
  expect([runs, held]).toEqual([2, "new"]);
});

test("a run that fails does not end the runs after it", async () => {
  let runs = 0;
  const task = createSerialTask(() => (++runs === 1 ? Promise.reject(new Error("no")) : Promise.resolve()));
  await expect(task()).rejects.toThrow("no");
  await task();
  expect(runs).toBe(2);
});
