import { pino } from "pino";
import { loadConfig } from "../../../src/config.js";
import { startGateway, type Gateway } from "../../../src/gateway.js";
import { isReady } from "./gateway-process.js";

/** A gateway in this process, and how to ask it. */
export interface TestGateway extends Gateway {
  /** One GraphQL request: its HTTP status, and its answer. */
  ask(query: string): Promise<Answer>;
  isReady(): Promise<boolean>;
  /** The lines of its log. */
  readonly log: readonly string[];
}

/** An answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly data: unknown;
  readonly codes: readonly unknown[];
}

/** Starts a gateway that polls these hosts every second over plain TCP. */
export async function startTestGateway(
  databaseUrl: string,
  vdsmHosts: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const log: string[] = [];
  const config = loadConfig({
    PORT: "0",
    DATABASE_URL: databaseUrl,
    VDSM_HOSTS: vdsmHosts,
    VDSM_TLS: "off",
    VDSM_TIMEOUT: "2s",
    REFRESH_INTERVAL: "1s",
    ...environment,
  });
  const gateway = await startGateway({
    config,
    log: pino({ base: null }, { write: (line: string) => void log.push(line) }),
    announce: () => undefined,
  });
  return {
    ...gateway,
    log,
    isReady: () => isReady(gateway.url),
    ask: async (query) => {
      const answer = await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      const body = (await answer.json()) as {
        data?: unknown;
        errors?: { extensions?: { code?: unknown } }[];
      };
      return {
        status: answer.status,
        retryAfter: answer.headers.get("retry-after"),
        data: body.data,
        codes: (body.errors ?? []).map((error) => error.extensions?.code),
      };
    },
  };
}
