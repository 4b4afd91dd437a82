import { setImmediate as nextTurn } from "node:timers/promises";

/** A step of a transaction. It sends its statements at once, and resolves when they are answered. */
export type SendingStep = () => Promise<void>;

/**
 * Sends the statements of steps in their order, without waiting for answers. So the next step's rows are prepared while the
 * database works on the step before. Each step has its own turn of the event loop. Throws the first failure in the order of
 * steps. Statements behind it fail as well, because the transaction is aborted.
 */
export async function sendInTurns(steps: readonly SendingStep[]): Promise<void> {
  const answers: Promise<void>[] = [];
  const state = { hasFailed: false };
  for (const step of steps) {
    if (answers.length > 0) await nextTurn();
    if (state.hasFailed) break;
    const answer = step();
    // All answers are awaited below, in their order. This handler keeps an earlier failure from being unhandled.
    answer.catch(() => {
      state.hasFailed = true;
    });
    answers.push(answer);
  }
  for (const answer of answers) await answer;
}

/** Waits for statements that were sent together. Throws the first failure in their order. */
export async function waitInOrder(answers: readonly Promise<unknown>[]): Promise<void> {
  for (const answer of answers) answer.catch(() => undefined);
  for (const answer of answers) await answer;
}
