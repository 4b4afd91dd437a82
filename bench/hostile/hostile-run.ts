import {
  HONEST_QUERIES,
  HOSTILE_REQUESTS,
  type HostileRequest,
} from "../../test/server/hostile/hostile-requests.js";
import { startServerChild, type ServerChild } from "./hostile-child.js";
import { type Fault, findFault, type HostileAnswer, isAnswered } from "./hostile-verdict.js";

/** The results of one server. */
export interface HostileResult {
  /** Requests that passed, and all requests, by category. */
  readonly categories: Readonly<Record<string, { passed: number; total: number }>>;
  /** How often it stopped answering and had to be started again. */
  readonly killed: number;
  /** The longest wait of an honest request; `limitMs` if it got no answer. */
  readonly worstStallMs: number;
  readonly peakBytes: number | null;
  /** Titles of failed requests by their fault. `stalls`: honest requests waited for longer than a second. */
  readonly faults: Readonly<Record<Fault | "stalls" | "refuses", readonly string[]>>;
}

/** The time in which an honest request beside or after a hostile one must be answered. */
const PATIENCE_MS = 1_000;

/** Sends every hostile request to a server, one at a time, with honest ones beside and after each. */
export async function runHostile(which: "ours" | "apollo", limitMs: number): Promise<HostileResult> {
  const categories: Record<string, { passed: number; total: number }> = {};
  const faults: Record<keyof HostileResult["faults"], string[]> = {
    stalls: [],
    leaks: [],
    fails: [],
    answers: [],
    refuses: [],
  };
  let [killed, worstStallMs, peakBytes] = [0, 0, null as number | null];
  let server = await startServerChild(which);

  const note = (category: string, title: string, fault: keyof HostileResult["faults"] | null): void => {
    const count = (categories[category] ??= { passed: 0, total: 0 });
    count.total++;
    if (fault === null) count.passed++;
    else faults[fault].push(title);
  };
  const restart = async (): Promise<void> => {
    killed++;
    await server.kill();
    peakBytes = Math.max(peakBytes ?? 0, server.readPeakBytes() ?? 0);
    server = await startServerChild(which);
    await probe(server, limitMs);
  };

  await probe(server, limitMs);
  for (const { title, query, variables } of HONEST_QUERIES) {
    const answer = await send(
      server,
      { title, ...createHonestRequest(query, variables), status: 200 },
      limitMs,
    );
    note("honest", `honest: ${title}`, answer !== null && isAnswered(answer) ? null : "refuses");
  }
  for (const request of HOSTILE_REQUESTS) {
    const { answer, stallMs } = await sendBesideHonest(server, request, limitMs);
    worstStallMs = Math.max(worstStallMs, stallMs);
    const isStalled = answer === null || stallMs > PATIENCE_MS;
    note(
      request.title.split(":", 1)[0] ?? "",
      request.title,
      isStalled ? "stalls" : findFault(request, answer),
    );
    if (stallMs >= limitMs) await restart();
  }
  peakBytes = Math.max(peakBytes ?? 0, server.readPeakBytes() ?? 0) || null;
  await server.kill();
  return { categories, killed, worstStallMs, peakBytes, faults };
}

/** Measures the longest wait of an honest request while the hostile one runs, and of one after it. */
async function sendBesideHonest(
  server: ServerChild,
  request: HostileRequest,
  limitMs: number,
): Promise<{ answer: HostileAnswer | null; stallMs: number }> {
  const over = new AbortController();
  const answering = send(server, request, limitMs).finally(() => {
    over.abort();
  });
  // It waits a moment, so that the first honest request comes after the hostile one.
  await new Promise((resolve) => setTimeout(resolve, 2));
  let stallMs = 0;
  do {
    stallMs = Math.max(stallMs, await probe(server, limitMs));
  } while (!over.signal.aborted && stallMs < limitMs);
  const answer = stallMs < limitMs ? await answering : null;
  if (stallMs < limitMs) stallMs = Math.max(stallMs, await probe(server, limitMs));
  return { answer, stallMs };
}

/** Measures the wait of an honest request. If its connection ends, it is sent again, as every client does. */
async function probe(server: ServerChild, limitMs: number): Promise<number> {
  const started = performance.now();
  const query = createHonestRequest("{ vm(id: 7) { name nics { mac } } }");
  for (;;) {
    const leftMs = limitMs - (performance.now() - started);
    if (leftMs <= 0) return limitMs;
    const answer = await send(server, { title: "honest", ...query, status: 200 }, Math.ceil(leftMs));
    if (answer !== null && isAnswered(answer)) return performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function createHonestRequest(
  query: string,
  variables?: unknown,
): { headers: Record<string, string>; body: string } {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify({ query, variables }) };
}

/** Sends a request; `null`: no answer came in time. A server may refuse by ending the connection. */
async function send(
  server: ServerChild,
  { method = "POST", path = "/graphql", headers, body }: HostileRequest,
  limitMs: number,
): Promise<HostileAnswer | null> {
  const signal = AbortSignal.timeout(limitMs);
  try {
    const response = await fetch(server.url + path, {
      method,
      signal,
      ...(headers && { headers }),
      ...(body !== undefined && { body: typeof body === "string" ? body : new Uint8Array(body) }),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return signal.aborted ? null : { status: 400, text: "" };
  }
}
