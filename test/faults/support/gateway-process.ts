import { setTimeout as sleep } from "node:timers/promises";
import { runVnicGraph, type Run } from "../../support/processes/process.js";

/** A gateway in a process of its own. */
export interface GatewayProcess extends Run {
  readonly url: string;
  /** From its spawning until `/readyz` said so. */
  readonly readyAfterMs: number;
  /** Sends SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** Sends a signal to it. */
  signal(signal: NodeJS.Signals): void;
}

/** What such a gateway is started with. */
export interface GatewayProcessOptions {
  readonly databaseUrl: string;
  readonly vdsmHosts: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Node's arguments before `start`; left out: from the sources. */
  readonly program?: readonly string[];
}

/** Starts a gateway on a free port, polling every second; resolves when it is ready. */
export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const startedMs = performance.now();
  const run = runVnicGraph(
    ["start"],
    {
      PORT: "0",
      DATABASE_URL: options.databaseUrl,
      VDSM_HOSTS: options.vdsmHosts,
      VDSM_TLS: "off",
      VDSM_TIMEOUT: "5s",
      REFRESH_INTERVAL: "1s",
      LOG_LEVEL: "info",
      ...options.environment,
    },
    options.program,
  );
  try {
    const [, url = ""] = await run.says(/GraphQL: (http:\S+)\/graphql/);
    const deadline = performance.now() + READY_LIMIT_MS;
    while (!(await isReady(url))) {
      if (run.child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`never ready:\n${run.output()}`);
      }
      await sleep(5);
    }
    return {
      ...run,
      url,
      readyAfterMs: performance.now() - startedMs,
      kill: async () => {
        run.child.kill("SIGKILL");
        await run.ended;
      },
      signal: (signal) => void run.child.kill(signal),
    };
  } catch (error) {
    run.child.kill("SIGKILL");
    throw error;
  }
}

/** Whether a gateway says that it is ready, now. */
export async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.status === 200;
    },
    () => false,
  );
}

const READY_LIMIT_MS = 240_000;
