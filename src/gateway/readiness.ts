import type { Readiness } from "../server/options.js";
import type { ReadStore } from "../store/types.js";

/** How long the database may take to answer before it counts as not answering. */
const PATIENCE_MS = 1_000;

/** Ready: the database answers and every host was tried. Whether a host answers does not matter; that is what stale data is for. */
export async function readinessOf(
  store: Pick<ReadStore, "ping" | "everyHostTried"> | null,
): Promise<Readiness> {
  if (store === null) return { ready: false, reasons: ["the database has not answered yet"] };
  try {
    const everyHostTried = await withinPatience(store.everyHostTried());
    return everyHostTried
      ? { ready: true, reasons: [] }
      : { ready: false, reasons: ["not every host has been tried yet"] };
  } catch {
    return { ready: false, reasons: ["the database does not answer"] };
  }
}

async function withinPatience<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer in ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
