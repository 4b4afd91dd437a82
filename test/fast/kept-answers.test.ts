import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKeptAnswers } from "../../src/fast/kept-answers.js";

const SECOND_MS = 1_000;

function create(maxBytes = 1_000_000) {
  const clock = { ms: 0 };
  return { clock, answers: createKeptAnswers<string>({ maxBytes, now: () => clock.ms }) };
}

describe("kept answers", () => {
  test("are given again to the same question, and to no other", () => {
    const { answers } = create();
    answers.begin()("question", "answer", 6);
    expect([answers.find("question"), answers.find("another")]).toEqual(["answer", null]);
    expect(answers.figures).toMatchObject({ hits: 1, misses: 1, answers: 1 });
  });

  test("are as old as the beginning of their reading, not as its end", () => {
    const { clock, answers } = create();
    const keep = answers.begin();
    clock.ms += 600;
    keep("question", "answer", 6);
    clock.ms += 200;
    expect(answers.find("question")).toBe("answer");
    clock.ms += 200;
    expect(answers.find("question")).toBeNull();
    answers.begin()("late", "answer", 6);
    const slow = answers.begin();
    clock.ms += SECOND_MS;
    slow("slow", "answer", 6);
    expect(answers.find("slow")).toBeNull();
  });

  test("are as old as what they are made of, where that is kept itself", () => {
    const clock = { ms: 1_000 };
    let knownMs: number | null = 500;
    let drops = 0;
    const answers = createKeptAnswers<string>({
      maxBytes: 1_000_000,
      now: () => clock.ms,
      findAsOfMs: () => knownMs,
      onDrop: () => (drops += 1),
    });
    answers.begin()("question", "answer", 6);
    knownMs = null;
    answers.begin()("read now", "answer", 6);
    clock.ms += 399;
    expect(answers.find("question")).toBe("answer");
    clock.ms += 1;
    expect(answers.find("question")).toBeNull();
    expect(answers.find("read now")).toBe("answer");
    answers.drop();
    expect(drops).toBe(1);
  });

  test("kept answers that began before a change are not kept, however late they end", () => {
    const { answers } = create();
    const keep = answers.begin();
    answers.drop();
    keep("question", "of before", 6);
    expect(answers.find("question")).toBeNull();
    answers.begin()("question", "of after", 6);
    expect(answers.find("question")).toBe("of after");
  });

  test("are never older than a second, and never of before a change that was told, whatever happens in which order", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(400) }),
        fc.record({ kind: fc.constant("write" as const), isTold: fc.boolean() }),
        fc.record({ kind: fc.constant("begin" as const), key: fc.nat(1) }),
        fc.record({ kind: fc.constant("end" as const) }),
        fc.record({ kind: fc.constant("find" as const), key: fc.nat(1) }),
        fc.record({ kind: fc.constant("find" as const), key: fc.nat(1) }),
      ),
      { minLength: 30, maxLength: 100 },
    );
    let found = 0;
    fc.assert(
      fc.property(steps, (series) => {
        const clock = { ms: 0 };
        const answers = createKeptAnswers<number>({ maxBytes: 5_000, now: () => clock.ms });
        // The store's value is the number of writes; since when each is in the store, and the last that was told.
        const writtenAt = [0];
        let told = 0;
        const open: (() => void)[] = [];
        for (const step of series) {
          if (step.kind === "wait") clock.ms += step.ms;
          else if (step.kind === "write") {
            writtenAt.push(clock.ms);
            if (!step.isTold) continue;
            told = writtenAt.length - 1;
            answers.drop();
          } else if (step.kind === "begin") {
            const [keep, value] = [answers.begin(), writtenAt.length - 1];
            open.push(() => {
              keep(String(step.key), value, 8);
            });
          } else if (step.kind === "end")
            open.splice(0).forEach((end) => {
              end();
            });
          else {
            const value = answers.find(String(step.key));
            if (value === null) continue;
            found += 1;
            expect(value).toBeGreaterThanOrEqual(told);
            const replacedAt = writtenAt[value + 1];
            if (replacedAt !== undefined) expect(clock.ms - replacedAt).toBeLessThan(SECOND_MS);
          }
        }
      }),
      { numRuns: 3_000 },
    );
    expect(found).toBeGreaterThan(500);
  });

  test("take no more memory than they may: those that were used last stay, and none that is too large comes in", () => {
    const { answers } = create(16_000);
    for (let at = 0; at < 100; at += 1) {
      answers.begin()(`question ${at}`, "answer", 1_000);
      expect(answers.find("question 0")).toBe("answer");
      expect(answers.figures.bytes).toBeLessThanOrEqual(16_000);
    }
    expect(answers.figures.answers).toBe(10);
    expect(answers.figures.evictions).toBe(90);
    answers.begin()("large", "answer", 2_000);
    expect(answers.find("large")).toBeNull();
  });
});
