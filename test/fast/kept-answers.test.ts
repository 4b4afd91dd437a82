import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKeptAnswers, type KeptAnswers } from "../../src/fast/kept-answers.js";

const SECOND_MS = 1_000;

function create(maxBytes = 1_000_000) {
  const clock = { ms: 0 };
  return { clock, answers: createKeptAnswers<string>({ maxBytes, now: () => clock.ms }) };
}

/** Begins the answer to a question that was asked just before, so that it may be kept. */
function beginAgain<Answer>(answers: KeptAnswers<Answer>, key: string) {
  answers.begin(key);
  const keep = answers.begin(key);
  if (keep === null) throw new Error("a question that was asked a moment ago is not worth keeping");
  return keep;
}

describe("kept answers", () => {
  test("are given again to the same question, and to no other", () => {
    const { answers } = create();
    beginAgain(answers, "question")("answer", 6);
    expect([answers.find("question"), answers.find("another")]).toEqual(["answer", null]);
    expect(answers.figures).toMatchObject({ hits: 1, misses: 1, answers: 1 });
  });

  test("are kept from the second time within a second on, whoever asked something else in between", () => {
    const { clock, answers } = create();
    expect(answers.begin("question")).toBeNull();
    for (let at = 0; at < 100; at += 1) expect(answers.begin(`other ${at}`)).toBeNull();
    clock.ms += 800;
    answers.begin("question")?.("answer", 6);
    expect(answers.find("question")).toBe("answer");
    clock.ms += SECOND_MS;
    expect(answers.begin("question")).toBeNull();
    expect(answers.begin("other 7")).toBeNull();
  });

  test("have what something else leaves of their memory, at any time", () => {
    let takenBytes = 0;
    const answers = createKeptAnswers<string>({ maxBytes: 100_000, findTakenBytes: () => takenBytes });
    const keep = (count: number): void => {
      for (let at = 0; at < count; at += 1) {
        const key = `question ${at}`.padEnd(50);
        answers.find(key);
        answers.keepWhile(key, { answer: "answer", bytes: 100, stillHolds: () => true });
      }
    };
    keep(200);
    expect(answers.figures).toMatchObject({ answers: 100, bytes: 100_000 });
    takenBytes = 75_000;
    answers.find("another question");
    expect(answers.figures).toMatchObject({ answers: 25, bytes: 25_000 });
    takenBytes = 0;
    keep(200);
    expect(answers.figures).toMatchObject({ answers: 100, bytes: 100_000 });
  });

  test("a question that goes on being asked is read once a second", () => {
    const { clock, answers } = create();
    let read = 0;
    for (let at = 0; at < 100; at += 1) {
      clock.ms += 100;
      if (answers.find("question") !== null) continue;
      read += 1;
      answers.begin("question")?.("answer", 6);
    }
    expect(read).toBe(12);
  });

  test("are as old as the beginning of their reading, not as its end", () => {
    const { clock, answers } = create();
    const keep = beginAgain(answers, "question");
    clock.ms += 600;
    keep("answer", 6);
    clock.ms += 200;
    expect(answers.find("question")).toBe("answer");
    clock.ms += 200;
    expect(answers.find("question")).toBeNull();
    beginAgain(answers, "late")("answer", 6);
    const slow = beginAgain(answers, "slow");
    clock.ms += SECOND_MS;
    slow("answer", 6);
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
    beginAgain(answers, "question")("answer", 6);
    knownMs = null;
    beginAgain(answers, "read now")("answer", 6);
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
    const keep = beginAgain(answers, "question");
    answers.drop();
    keep("of before", 6);
    expect(answers.find("question")).toBeNull();
    beginAgain(answers, "question")("of after", 6);
    expect(answers.find("question")).toBe("of after");
  });

  test("with a check are given at once and for as long as it holds, whoever else changed something", () => {
    const { clock, answers } = create();
    let holds = true;
    answers.keepWhile("question", { answer: "answer", bytes: 6, stillHolds: () => holds });
    expect(answers.find("question")).toBe("answer");
    clock.ms += 10 * SECOND_MS;
    answers.drop();
    expect(answers.find("question")).toBe("answer");
    holds = false;
    expect(answers.find("question")).toBeNull();
    holds = true;
    expect(answers.find("question")).toBeNull();
    expect(answers.figures).toMatchObject({ hits: 2, misses: 2, answers: 0, bytes: 0 });
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
            const [keep, value] = [beginAgain(answers, String(step.key)), writtenAt.length - 1];
            open.push(() => {
              keep(value, 8);
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
      beginAgain(answers, `question ${at}`)("answer", 1_000);
      expect(answers.find("question 0")).toBe("answer");
      expect(answers.figures.bytes).toBeLessThanOrEqual(16_000);
    }
    expect(answers.figures.answers).toBe(10);
    // Every second new one comes in while there is no room.
    expect(answers.figures.evictions).toBe(45);
    beginAgain(answers, "large")("answer", 2_000);
    expect(answers.find("large")).toBeNull();
  });
});
