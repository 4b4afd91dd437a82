import { join, resolve } from "node:path";
import { temporaryFolder } from "../../test/support/processes/gateway.js";
import { runVnicGraph } from "../../test/support/processes/process.js";

/** A built gateway in a process of its own, with an engine's database as source. */
export interface EngineGateway {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  /** Asks a question. Throws unless the answer has no error. */
  ask(query: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the build of a checkout, and waits until it answers. */
export async function startEngineGateway(
  name: string,
  checkout: string,
  databaseUrl: string,
): Promise<EngineGateway> {
  const folder = temporaryFolder();
  const run = runVnicGraph(
    ["start"],
    {
      PORT: "0",
      SOURCE: "engine",
      DATABASE_URL: databaseUrl,
      DATA_DIR: folder.path,
      LOG_LEVEL: "warn",
      NODE_ENV: "production",
    },
    [join(resolve(checkout), "dist/src/main.js")],
  );
  const [, url = ""] = await run.says(/GraphQL: (http:\S+)\/graphql/);
  return {
    name,
    pid: run.child.pid ?? 0,
    url,
    ask: async (query) => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      const text = await response.text();
      if (response.status !== 200 || text.includes('"errors":')) throw new Error(text.slice(0, 500));
    },
    stop: async () => {
      run.child.kill("SIGKILL");
      await run.ended;
      folder.remove();
    },
  };
}
