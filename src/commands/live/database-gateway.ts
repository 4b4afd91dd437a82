import { createSourceEventStream, execute, parse } from "graphql";
import type { Config } from "../../config.js";
import { createGuestEvents } from "../../feed/guest-events.js";
import { startFeed } from "../../feed/feed.js";
import type { GraphContext } from "../../graph/context.js";
import { buildGraphSchema } from "../../graph/schema.js";
import { createLoaders } from "../../loaders/loaders.js";
import { DEFAULT_LIMITS } from "../../model/limits.js";
import { createChangeLog } from "../../store/changes/change-log.js";
import { findVms } from "../../store/changes/forget.js";
import { createStore } from "../../store/store.js";
import { openGatewayDatabase } from "../gateway-database.js";
import { refuseEngine } from "../refuse-engine.js";
import type { Asked, LiveGateway } from "./live-gateway.js";

/** Creates the access to changes in the gateway's database. The graph runs in this process, and sees all VMs. */
export function createDatabaseGateway(config: Config): LiveGateway {
  return {
    subscribe: (asked, opening) => subscribe(config, asked, opening),
    findVmIds: async (name) => {
      refuseEngine(config);
      const { dataSource, close } = await openGatewayDatabase(config, "of one");
      try {
        return (await findVms(dataSource, { name })).map(({ id }) => id);
      } finally {
        await close();
      }
    },
  };
}

async function* subscribe<Answer>(
  config: Config,
  { query, variables }: Asked,
  { onOpen, signal }: { readonly onOpen: () => void; readonly signal: AbortSignal },
): AsyncGenerator<Answer, void, undefined> {
  refuseEngine(config);
  const { dataSource, close } = await openGatewayDatabase(config, "of one");
  onOpen();
  const ended = new AbortController();
  let trouble: Error | null = null;
  const end = () => {
    ended.abort();
  };
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const log = createChangeLog(dataSource);
  const feed = startFeed({
    log,
    onTrouble: (error) => {
      trouble ??= error;
      if (error !== null) end();
    },
  });
  const events = createGuestEvents({ feed, log, maxWaiting: DEFAULT_LIMITS.waitingEvents });
  const store = createStore(dataSource);
  // Each event gets loaders of its own, since what loaders have read becomes out of date.
  const createContext = (): GraphContext => ({
    loaders: createLoaders(store),
    viewer: { name: "command", roles: new Set(["reader"]) },
    hostAdmin: null,
    followGuests: (question) => events.follow({ ...question, scope: null, viewer: "command" }, ended.signal),
    followHosts: null,
  });
  const asked = {
    schema: buildGraphSchema({ federation: "whole" }),
    document: parse(query),
    variableValues: variables,
  };
  const throwTrouble = () => {
    if (trouble !== null) throw trouble;
  };
  try {
    const source = await createSourceEventStream({ ...asked, contextValue: createContext() });
    if (!(Symbol.asyncIterator in source)) throw source.errors?.[0] ?? new Error("no subscription");
    for await (const rootValue of source) {
      const { data, errors } = await execute({ ...asked, rootValue, contextValue: createContext() });
      if (errors?.[0] !== undefined) throw errors[0];
      yield data as Answer;
    }
    throwTrouble();
  } finally {
    signal.removeEventListener("abort", end);
    await feed.stop();
    await close();
  }
}
