import { Client, fetchExchange, getOperationName, mapExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { readToken, refuse } from "../identity/session.js";
import { reloadIfOutdated } from "../shared/outdated.js";
import { createLimitedFetch } from "./limited-fetch.js";
import { readProblem } from "./problem.js";

/** SHA-256 of each operation by its name. The build inserts it. */
declare const __OPERATION_HASHES__: Readonly<Record<string, string>>;

/**
 * Creates the client of the server that sent this page. It keeps no answers, because the server knows how fresh its
 * data are. Operations are sent by their hash, which the server knows from the build.
 */
export function createClient(): Client {
  return new Client({
    url: new URL("./graphql", document.baseURI).href,
    exchanges: [
      mapExchange({
        onError: (error) => {
          const kind = readProblem(error)?.kind;
          // If the token has expired meanwhile, its owner signs in again.
          if (kind === "sign-in") refuse();
          if (kind === "outdated") void reloadIfOutdated();
        },
      }),
      persistedExchange({
        enforcePersistedQueries: true,
        enableForMutation: true,
        preferGetForPersistedQueries: false,
        generateHash: (_query, document) =>
          Promise.resolve(__OPERATION_HASHES__[getOperationName(document) ?? ""] ?? ""),
      }),
      fetchExchange,
    ],
    fetchOptions: () => {
      const token = readToken();
      return token === null ? {} : { headers: { authorization: `Bearer ${token}` } };
    },
    fetch: createLimitedFetch(LONGEST_MS),
    preferGetMethod: false,
    requestPolicy: "network-only",
  });
}

/** The longest time for an answer. A server that works answers or refuses within ten seconds. */
const LONGEST_MS = 15_000;
