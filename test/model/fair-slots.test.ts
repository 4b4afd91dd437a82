import { expect, test } from "vitest";
import { createFairSlots } from "../../src/model/fair-slots.js";
import type { LeaveSlot } from "../../src/model/slots.js";

test("owners take turns at a slot, and a task that was withdrawn has none", async () => {
  const slots = createFairSlots(1);
  const begun: string[] = [];
  let leave: LeaveSlot = () => undefined;
  const ask = (owner: string, name: string) =>
    slots.ask(owner, (given) => {
      begun.push(name);
      leave = given;
    });
  ask("a", "a1");
  expect(begun).toEqual([]);
  await Promise.resolve();
  ask("a", "a2");
  const withdraw = ask("a", "a3");
  ask("a", "a4");
  ask("b", "b1");
  withdraw();
  for (let count = 0; count < 3; count += 1) leave();
  expect(begun).toEqual(["a1", "a2", "b1", "a4"]);
});

test("a wait for a slot ends with its signal", async () => {
  const slots = createFairSlots(1);
  const leave = await slots.enter("a", new AbortController().signal);
  const gone = new AbortController();
  const waiting = slots.enter("a", gone.signal);
  gone.abort();
  expect(await waiting).toBeNull();
  expect(await slots.enter("a", gone.signal)).toBeNull();
  leave?.();
  expect(await slots.enter("a", new AbortController().signal)).not.toBeNull();
});
