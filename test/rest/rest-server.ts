import Fastify, { type FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";
import { createLoaders, type Loaders } from "../../src/loaders/loaders.js";
import { registerRest } from "../../src/rest/rest-plugin.js";
import type { ReadStore } from "../../src/store/types.js";

/** A REST flow on a socket. */
export interface RestServer {
  /** Asks below `/ovirt-engine/api`; JSON unless headers say otherwise. */
  ask(path: string, headers?: Record<string, string>, method?: string): Promise<Reply>;
  /** Errors that were masked. */
  readonly masked: unknown[];
  readonly app: FastifyInstance;
  stop(): Promise<void>;
}

/** An answer, read. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly type: string;
}

export async function startRest(store: ReadStore | (() => Loaders)): Promise<RestServer> {
  const masked: unknown[] = [];
  const app = Fastify({ exposeHeadRoutes: false });
  await app.register(registerRest, {
    work: (_request, job) => job(typeof store === "function" ? store() : createLoaders(store)),
    onError: (error: unknown) => masked.push(error),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    masked,
    app,
    ask: async (path, headers = {}, method = "GET") => {
      const response = await fetch(`http://127.0.0.1:${port}/ovirt-engine/api${path}`, {
        method,
        headers: { accept: "application/json", ...headers },
      });
      const type = response.headers.get("content-type") ?? "";
      return { status: response.status, headers: response.headers, text: await response.text(), type };
    },
    stop: () => app.close(),
  };
}
