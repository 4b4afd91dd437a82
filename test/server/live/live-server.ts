import { createClient, type Client } from "graphql-ws";
import { onTestFinished } from "vitest";
import WebSocket from "ws";
import type { QueueBounds } from "../../../src/feed/event-queue.js";
import { startFeed, type Feed } from "../../../src/feed/feed.js";
import { createGuestEvents } from "../../../src/feed/guest-events.js";
import { createHostStates } from "../../../src/feed/host-states.js";
import type { GraphContext } from "../../../src/graph/context.js";
import { buildGraphSchema } from "../../../src/graph/schema.js";
import { createLoaders } from "../../../src/loaders/loaders.js";
import type { ServerOptions } from "../../../src/server/options.js";
import { createChangeLog } from "../../../src/store/changes/change-log.js";
import { readHosts } from "../../../src/store/read/host-reads.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { unmanaged, type Served } from "../running.js";

/** A server of the graph on a database of its own, with its feed. */
export interface LiveServer {
  readonly server: Served;
  readonly database: TestDatabase;
  /** Contexts that were made, of all replicas: one a subscription, and one an answer. */
  readonly contexts: () => number;
  /** How many subscriptions have come to where the feed tells them, of all replicas. */
  readonly listening: () => number;
  /** A further server on the same database, as another replica is. */
  startReplica(options?: Partial<ServerOptions>): Promise<Served>;
}

/** Starts it; all ends with the test. `bounds` say how long a subscriber may leave events waiting. */
export async function startLiveServer(
  options: Partial<ServerOptions> = {},
  bounds: Partial<QueueBounds> = {},
): Promise<LiveServer> {
  const database = await createDatabase({ poolSize: 10 });
  onTestFinished(() => database.drop());
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  let contexts = 0;
  let listening = 0;
  const startReplica = async (own: Partial<ServerOptions> = {}): Promise<Served> => {
    const log = createChangeLog(database.dataSource);
    const feed = startFeed({ log, intervalMs: 20 });
    const counted: Feed = {
      listen: async (listener) => {
        const place = await feed.listen(listener);
        listening += 1;
        return place;
      },
      wake: () => {
        feed.wake();
      },
      getLagMs: () => feed.getLagMs(),
      stop: () => feed.stop(),
    };
    const events = createGuestEvents({ feed: counted, log, maxWaiting: 1_000, ...bounds });
    const hosts = createHostStates({
      readHosts: () => readHosts(database.dataSource, null),
      intervalMs: 20,
    });
    const server = await unmanaged({
      schema: buildGraphSchema({ federation: "whole" }),
      contextFor: (viewer, request): GraphContext => {
        contexts += 1;
        const snapshot = database.store.openSnapshot(viewer.scope);
        request.onEnd(() => void snapshot.close());
        return {
          loaders: createLoaders(snapshot.reads),
          viewer,
          hostAdmin: null,
          followGuests: (question) =>
            events.follow({ ...question, scope: viewer.scope, viewer: viewer.name }, request.signal, request),
          followHosts: (hostIds) => hosts.follow(hostIds, request.signal, request.onCurrent),
        };
      },
      ...own,
    });
    onTestFinished(async () => {
      await server.stop();
      await feed.stop();
      await hosts.stop();
    });
    return server;
  };
  return {
    server: await startReplica(options),
    database,
    contexts: () => contexts,
    listening: () => listening,
    startReplica,
  };
}

/** A WebSocket that may be ended before it is open. */
class QuietWebSocket extends WebSocket {
  constructor(...given: ConstructorParameters<typeof WebSocket>) {
    super(...given);
    this.on("error", () => undefined);
  }
}

/** A client of the WebSocket that does not connect again by itself. */
export function connect(
  { url }: { readonly url: string },
  connectionParams: Record<string, unknown> = {},
): Client & { readonly closes: { code: number; reason: string }[] } {
  const closes: { code: number; reason: string }[] = [];
  const client = createClient({
    url: url.replace(/^http/, "ws") + "/graphql",
    webSocketImpl: QuietWebSocket,
    connectionParams,
    retryAttempts: 0,
    lazy: true,
    on: {
      closed: (event) => {
        const { code, reason } = event as { code: number; reason: string };
        closes.push({ code, reason });
      },
    },
  });
  onTestFinished(async () => client.dispose());
  return { ...client, closes };
}

/** What a subscription has got so far. */
export interface Received {
  readonly answers: Record<string, unknown>[];
  readonly errors: unknown[];
  isComplete: boolean;
  leave: () => void;
}

/** Subscribes and keeps what comes. */
export function subscribe(client: Client, query: string, variables: Record<string, unknown> = {}): Received {
  const received: Received = { answers: [], errors: [], isComplete: false, leave: () => undefined };
  received.leave = client.subscribe(
    { query, variables },
    {
      next: (answer) => void received.answers.push(answer as Record<string, unknown>),
      error: (error) => void received.errors.push(error),
      complete: () => (received.isComplete = true),
    },
  );
  return received;
}
