/* global document, fetch */
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import addresses from "./examples/1-addresses.graphql?raw";
import interfaces from "./examples/2-interfaces-behind-nics.graphql?raw";
import hosts from "./examples/3-hosts.graphql?raw";

/** One request a query, to the server that this page came from. */
async function fetcher(params, options) {
  const response = await fetch("./graphql", {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json",
      "content-type": "application/json",
      ...options?.headers,
    },
    body: JSON.stringify(params),
  });
  return response.json();
}

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={[{ query: addresses }, { query: interfaces }, { query: hosts }]}
    shouldPersistHeaders={false}
  />,
);
