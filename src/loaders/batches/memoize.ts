/** A function that computes the answer to a question once, until it is told to forget. */
export interface Memoized<Question, Answer> {
  readonly ask: (question: Question) => Answer;
  readonly forget: () => void;
}

/** Remembers answers by the question's JSON. Equal questions must have their keys in the same order. */
export function memoize<Question, Answer>(
  answer: (question: Question) => Answer,
): Memoized<Question, Answer> {
  let answers: Map<string, Answer> | null = null;
  return {
    ask: (question) => {
      const key = typeof question === "string" ? question : formatKey(question);
      const known = answers?.get(key);
      if (known !== undefined) return known;
      const fresh = answer(question);
      answers ??= new Map();
      answers.set(key, fresh);
      return fresh;
    },
    forget: () => {
      answers = null;
    },
  };
}

function formatKey(question: unknown): string {
  return JSON.stringify(question, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
