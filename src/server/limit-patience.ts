/** Waits for an answer, but not for longer than `patienceMs`. If it fails or is late, the result is `otherwise`. */
export async function limitPatience<Answer>(
  answer: Promise<Answer>,
  patienceMs: number,
  otherwise: Answer,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => {
      resolve(otherwise);
    }, patienceMs);
  });
  try {
    return await Promise.race([answer.catch(() => otherwise), late]);
  } finally {
    clearTimeout(timer);
  }
}
