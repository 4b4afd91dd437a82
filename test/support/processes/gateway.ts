import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../eventually.js";
import { runVnicGraph, type Run } from "./process.js";

/** An HTTP answer with GraphQL's data and error code, parsed as loosely as by a client. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly data: Record<string, unknown> | null;
  /** The code of the first error. */
  readonly code: string | undefined;
}

/** A gateway in a process of its own, ready to answer. */
export interface RunningGateway {
  /** The root of the server, without a BASE_PATH. */
  readonly url: string;
  readonly run: Run;
  /** POSTs a query, with a bearer token unless it is `null`. */
  ask(token: string | null, query: string, variables?: Record<string, unknown>): Promise<HttpAnswer>;
  get(path: string, token?: string | null): Promise<HttpAnswer>;
  /** Lists the lines of the log about requests. */
  requests(): Record<string, unknown>[];
  stop(): Promise<void>;
}

/** Starts the gateway's real process on a free port and waits until it is ready. */
export async function startGatewayProcess(
  environment: Readonly<Record<string, string>>,
): Promise<RunningGateway> {
  const run = runVnicGraph(["start"], { PORT: "0", REFRESH_INTERVAL: "off", ...environment });
  try {
    // What follows is a BASE_PATH.
    const [, url = ""] = await run.says(/GraphQL: (https?:\/\/[^/]+)\S*\/graphql/);
    if (url.startsWith("http:")) await becomesReady(url);
    return {
      url,
      run,
      ask: async (token, query, variables = {}) =>
        readAnswer(
          await fetch(`${url}/graphql`, {
            method: "POST",
            headers: { "content-type": "application/json", ...bearer(token) },
            body: JSON.stringify({ query, variables }),
          }),
        ),
      get: async (path, token = null) =>
        readAnswer(await fetch(url + path, { headers: bearer(token), redirect: "manual" })),
      requests: () => parseLogLines(run.output()).filter(({ msg }) => msg === "request"),
      stop: async () => {
        run.child.kill("SIGKILL");
        await run.ended;
      },
    };
  } catch (error) {
    run.child.kill("SIGKILL");
    throw error;
  }
}

/**
 * Creates a temporary folder. The caller removes it. Other users may pass through it: if a test runs as root, an embedded
 * PostgreSQL runs as another user, and would otherwise keep its data outside of the folder, where they would stay.
 */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "vnic-graph-"));
  chmodSync(path, 0o711);
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Parses the lines of JSON that a gateway wrote. Lines for people are left out. */
export function parseLogLines(output: string): Record<string, unknown>[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function becomesReady(url: string): Promise<void> {
  await eventually(async () => {
    const { status } = await fetch(`${url}/readyz`);
    if (status !== 200) throw new Error(`${url}/readyz answers ${status}`);
  });
}

function bearer(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

async function readAnswer(response: Response): Promise<HttpAnswer> {
  const text = await response.text();
  const { status, headers } = response;
  const isJson = headers.get("content-type")?.includes("json") === true;
  const { data = null, errors } = (isJson ? JSON.parse(text) : {}) as {
    data?: Record<string, unknown> | null;
    errors?: { extensions: { code: string } }[];
  };
  return { status, headers, text, data, code: errors?.[0]?.extensions.code };
}
