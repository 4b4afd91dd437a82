/** The key in the session storage for when this tab was last loaded again by itself. */
const RELOADED_AT = "vnic-graph.reloaded-at";

/** The shortest time between two such loads. While a cluster is renewed, its old and its new servers answer in turn. */
const LEAST_MS = 30_000;

let checking: Promise<void> | null = null;

/**
 * Loads the page again if the server has another build of it by now. Such a server has neither the files nor the
 * operations of this page.
 */
export function reloadIfOutdated(): Promise<void> {
  checking ??= check().finally(() => {
    checking = null;
  });
  return checking;
}

async function check(): Promise<void> {
  const script = document.querySelector('script[type="module"][src]')?.getAttribute("src") ?? null;
  const sinceMs = Date.now() - Number(sessionStorage.getItem(RELOADED_AT));
  if (script === null || (sinceMs >= 0 && sinceMs < LEAST_MS)) return;
  const page = await readPage();
  if (page === null || page.includes(script)) return;
  sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  location.reload();
}

/** Reads the page as the server has it now; `null`: the server does not give it. */
async function readPage(): Promise<string | null> {
  try {
    const answer = await fetch(new URL("./", document.baseURI), { cache: "no-cache" });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}
