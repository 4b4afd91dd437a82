import { setImmediate as nextTurn } from "node:timers/promises";

/** One step of a transaction: it sends its statements, in this turn, and resolves when they are answered. */
export type SendingStep = () => Promise<void>;

/**
 * Sends steps in their order without waiting for answers. The next step's rows are put together while the database
 * works on those before. Each step has a turn of the event loop of its own. Throws the first failure, by the order of
 * steps; statements sent after it fail with it, because the transaction is aborted or will be rolled back.
 */
export async function sendInTurns(steps: readonly SendingStep[]): Promise<void> {
  const answers: Promise<void>[] = [];
  const state = { hasFailed: false };
  for (const step of steps) {
    if (answers.length > 0) await nextTurn();
    if (state.hasFailed) break;
    const answer = step();
    // All answers are waited for below, in their order; until then a failure is nobody's.
    answer.catch(() => {
      state.hasFailed = true;
    });
    answers.push(answer);
  }
  for (const answer of answers) await answer;
}

/** Waits for statements that were sent together; throws the first failure by their order. */
export async function waitInOrder(answers: readonly Promise<unknown>[]): Promise<void> {
  for (const answer of answers) answer.catch(() => undefined);
  for (const answer of answers) await answer;
}
