import { composeServices } from "@apollo/composition";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { parse } from "graphql";
import type { Subgraph } from "./subgraph.js";

/** What a gateway's client gets. */
export interface Answer {
  readonly data: Record<string, unknown> | null;
  readonly errors: readonly string[];
}

/** A gateway in front of subgraphs that are asked over HTTP. */
export interface Gateway {
  ask(query: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** Opens a gateway; `token` goes to every subgraph as a bearer token. */
export type OpenGateway = (supergraph: string, token?: string) => Promise<Gateway>;

/** Both gateways by name. */
export const GATEWAYS: readonly (readonly [name: string, open: OpenGateway])[] = [
  ["Apollo's gateway", openApollo],
  ["Hive's gateway", openHive],
];

/** The supergraph of these subgraphs; fails with all that the composer has against it. */
export function composeSupergraph(subgraphs: readonly Subgraph[]): string {
  const { supergraphSdl, errors } = composeServices(
    subgraphs.map(({ name, sdl, url }) => ({ name, url, typeDefs: parse(sdl) })),
  );
  if (supergraphSdl === undefined) throw new Error(errors.map((each) => each.message).join("\n"));
  return supergraphSdl;
}

/** Apollo's gateway, in front of an Apollo Server of its own. */
export async function openApollo(supergraph: string, token?: string): Promise<Gateway> {
  const gateway = new ApolloGateway({
    supergraphSdl: supergraph,
    buildService: ({ url }) =>
      new RemoteGraphQLDataSource({
        url: url ?? "",
        willSendRequest: ({ request }) => {
          if (token !== undefined) request.http?.headers.set("authorization", `Bearer ${token}`);
        },
      }),
  });
  const server = new ApolloServer({ gateway, stopOnTerminationSignals: false });
  await server.start();
  return {
    ask: async (query) => {
      const { body } = await server.executeOperation({ query });
      return body.kind === "single" ? readAnswer(body.singleResult) : { data: null, errors: ["no answer"] };
    },
    stop: () => server.stop(),
  };
}

/** The Guild's gateway, asked as its HTTP server would ask it. */
export function openHive(supergraph: string, token?: string): Promise<Gateway> {
  const runtime = createGatewayRuntime({
    supergraph,
    logging: false,
    transports: { http: import("@graphql-mesh/transport-http") },
    propagateHeaders: {
      fromClientToSubgraphs: () => (token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  return Promise.resolve({
    ask: async (query) => {
      const response = await runtime.fetch("http://gateway.example/graphql", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      return readAnswer((await response.json()) as Parameters<typeof readAnswer>[0]);
    },
    stop: async () => {
      await runtime[Symbol.asyncDispose]();
    },
  });
}

function readAnswer(result: {
  readonly data?: object | null;
  readonly errors?: readonly { readonly message: string }[];
}): Answer {
  const data = JSON.parse(JSON.stringify(result.data ?? null)) as Answer["data"];
  return { data, errors: (result.errors ?? []).map((error) => error.message) };
}
