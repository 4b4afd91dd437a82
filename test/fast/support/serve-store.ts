import { createFastPath } from "../../../src/fast/fast-path.js";
import { buildGraphSchema } from "../../../src/graph/schema.js";
import { failReads } from "../../../src/loaders/batches/wrap-reads.js";
import { createLoaders } from "../../../src/loaders/loaders.js";
import { OWN_NAMES } from "../../../src/model/subgraph-names.js";
import type { AnswerKeeper } from "../../../src/server/graphql/kept-answer.js";
import { createIdentity, type KnownViewer } from "../../../src/server/identity/identity.js";
import type { ServedRequest } from "../../../src/server/options.js";
import type { Readers } from "../../../src/store/types.js";
import type { TreeReads } from "../../../src/store/vm-tree.js";
import { rememberingLog, served } from "../../server/running.js";
import type { Asked } from "./random-operations.js";

export type Viewers = Readonly<Record<string, Omit<KnownViewer, "name">>>;

/** Starts a server over a store, with the fast path or without it, and what asks it. */
export async function serveStore(
  { openSnapshot }: Pick<Readers, "openSnapshot">,
  viewers: Viewers,
  openReads: ((viewer: Pick<KnownViewer, "scope">) => TreeReads) | null,
  answers?: AnswerKeeper,
) {
  const { log, lines } = rememberingLog();
  const schema = buildGraphSchema({ federation: "whole" });
  const fastPath =
    openReads &&
    createFastPath(schema, { names: OWN_NAMES, openReads, openState: ({ scope }) => openSnapshot(scope) });
  const server = await served({
    log,
    schema,
    ...(fastPath !== null && { fastPath }),
    ...(answers !== undefined && { answers }),
    inlineTrace: true,
    contextFor: (viewer: KnownViewer, request: ServedRequest) => {
      const snapshot = openSnapshot(viewer.scope);
      request.onEnd(() => void snapshot.close());
      const { readFailure } = request;
      const reads =
        readFailure === undefined ? snapshot.reads : failReads(snapshot.reads, readFailure.failure);
      const loaders = createLoaders(reads, { throwIfExpired: request.check });
      return { viewer, hostAdmin: null, followGuests: null, followHosts: null, loaders };
    },
    identity: createIdentity([
      {
        identify: ({ authorization = "" }) => {
          const name = authorization.replace("Bearer ", "");
          return Promise.resolve(viewers[name] === undefined ? null : { name, ...viewers[name] });
        },
      },
    ]),
  });
  const ask = async (asked: Asked, viewer: string) => {
    const { method = "POST" } = asked;
    const given = { query: asked.query, variables: asked.variables, ...asked.more };
    const search = Object.entries(given).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    const url = `${server.url}/graphql${method === "POST" ? "" : `?${new URLSearchParams(search)}`}`;
    const response = await fetch(url, {
      method,
      headers: { "content-type": "application/json", authorization: `Bearer ${viewer}`, ...asked.headers },
      ...(method === "POST" && { body: JSON.stringify(given) }),
    });
    const line = lines.findLast(({ msg }) => msg === "request") ?? {};
    const body = await response.text();
    return {
      status: response.status,
      headers: omit(Object.fromEntries(response.headers), ["date", "x-request-id", "keep-alive"]),
      body: maskRequest(body),
      line: omit(line, ["requestId", "ms", "time"]),
    };
  };
  return { ask };
}

function omit(record: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

/** Drops what differs from run to run: a trace holds the times that fields took. */
export function dropTimes<Answer extends { readonly body: string; readonly headers: object }>(
  answer: Answer,
) {
  const body = answer.body.replace(/"ftv1":"[^"]+"/, '"ftv1":"…"');
  return body === answer.body ? answer : { ...answer, body, headers: null };
}

function maskRequest(body: string): string {
  return body.replaceAll(/request [0-9a-f-]{36}/g, "request …");
}
