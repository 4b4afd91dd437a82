import { Writable } from "node:stream";
import { type Logger, pino } from "pino";
import { onTestFinished } from "vitest";
import { createOpenIdentity } from "../../src/server/identity/identity.js";
import type { RunningServer, ServedRequest, ServerOptions } from "../../src/server/options.js";
import { startServer } from "../../src/server/server.js";
import { type Doings, hurtfulSchema } from "./schema.js";

export { until } from "../store/until.js";

export interface Served extends RunningServer {
  readonly doings: Doings;
  readonly lines: Record<string, unknown>[];
  /** POSTs a query as a plain client does. */
  post(query: unknown, options?: { variables?: unknown; headers?: Record<string, string> }): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: {
    data?: Record<string, unknown> | null;
    errors?: { message: string; extensions: { code: string } }[];
  };
}

/** Starts a server on a free loopback port with the hurtful schema; it stops with the test. */
export async function served(options: Partial<ServerOptions> = {}): Promise<Served> {
  const server = await unmanaged(options);
  onTestFinished(() => server.stop());
  return server;
}

/** The same for whole files: the caller stops it. */
export async function unmanaged(options: Partial<ServerOptions> = {}): Promise<Served> {
  const doings: Doings = { resolved: 0, mutations: 0, waiting: new Set() };
  const { log, lines } = rememberingLog();
  const running = await startServer({
    host: "127.0.0.1",
    port: 0,
    schema: hurtfulSchema(doings),
    contextFor: (viewer, { signal }: ServedRequest) => ({ viewer, signal }),
    readiness: () => Promise.resolve({ ready: true, reasons: [] }),
    log,
    identity: createOpenIdentity(),
    insecure: false,
    graphiql: false,
    cors: [],
    allowedHosts: [],
    ...options,
  });
  return {
    ...running,
    doings,
    lines,
    post: async (query, { variables, headers } = {}) =>
      readAnswer(
        await fetch(`${running.url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({ query, variables }),
        }),
      ),
  };
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  let body: Answer["body"] = {};
  try {
    body = JSON.parse(text) as Answer["body"];
  } catch {
    // Not every answer is JSON; the text is there.
  }
  return { status: response.status, headers: response.headers, text, body };
}

/** A log that keeps its lines as objects. */
export function rememberingLog(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { log: pino({ level: "info" }, sink), lines };
}
