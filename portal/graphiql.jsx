/* global document, fetch, localStorage, sessionStorage */
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import sdl from "./examples/contribute/1-sdl.graphql?raw";
import entities from "./examples/contribute/2-entities.graphql?raw";

/** Our examples, a tab each, by the numbers that their files begin with. */
const EXAMPLES = Object.entries(
  import.meta.glob("./examples/*.graphql", { query: "?raw", import: "default", eager: true }),
)
  .toSorted(([left], [right]) => left.localeCompare(right, "en", { numeric: true }))
  .map(([, query]) => ({ query }));

/** The token lies where the portal keeps it: in this tab only, until it is closed. */
const TOKEN = "vnic-graph.token";

/** The second tab of a gateway that contributes, by the names that its settings give to VMs and their key. */
function createEntityTab(types) {
  const vm = types.find(({ fields }) => fields.some(({ name }) => name === "guestInfo"));
  const key = vm?.fields.find(({ type }) => type.ofType?.name === "ID");
  const representation = {
    __typename: vm?.name ?? "Vm",
    [key?.name ?? "id"]: "00000000-0000-4000-8000-000000000001",
  };
  return {
    query: entities.replace("on Vm ", `on ${representation.__typename} `),
    variables: JSON.stringify({ representations: [representation] }, null, 2),
  };
}

/** What an engine does not answer: it keeps neither changes nor what a second host says. */
const NOT_OF_AN_ENGINE = /\b(?:guestHistory|addressHistory|LAST_CHANGE_DESC|onTwoHosts)\b/;

/** The first tabs, by what the gateway serves: `contribute` has no list of VMs, and an engine does not keep all. */
const SHAPES = {
  whole: () => EXAMPLES,
  engine: () => EXAMPLES.filter(({ query }) => !NOT_OF_AN_ENGINE.test(query)),
  contribute: (types) => [{ query: sdl }, createEntityTab(types)],
};

const LOOK = `{
  __schema { queryType { fields { name } } }
  entity: __type(name: "_Entity") { possibleTypes { name fields { name type { ofType { name } } } } }
}`;

const root = createRoot(document.getElementById("graphiql"));
let generation = 0;

/** Sends one operation to the server that this page came from, as whoever signed in. */
async function send(params, headers = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const response = await fetch("./graphql", {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json",
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(params),
  });
  return { status: response.status, body: await response.json() };
}

async function fetcher(params, options) {
  const { status, body } = await send(params, options?.headers);
  if (status === 401) askForToken();
  return body;
}

/** Finds out who may ask and what there is to ask, then shows GraphiQL with tabs that work. */
async function start() {
  const { status, body } = await send({ query: LOOK });
  const fields = body.data?.__schema.queryType.fields.map(({ name }) => name) ?? ["vms"];
  if (status === 401) askForToken();
  else if (status >= 400) showNotice(`The schema cannot be shown: ${body.errors?.[0]?.message ?? status}`);
  const shape = fields.includes("vms") ? await findShapeOfWhole() : "contribute";
  generation += 1;
  root.render(
    <GraphiQL
      key={generation}
      fetcher={fetcher}
      defaultTabs={SHAPES[shape](body.data?.entity?.possibleTypes ?? [])}
      storage={storageOf(shape)}
      shouldPersistHeaders={false}
    />,
  );
}

/** Finds out whether the source keeps changes: an engine has no place among them, and that is no error. */
async function findShapeOfWhole() {
  const { status, body } = await send({ query: "{ changeCursor }" });
  return status === 200 && body.errors === undefined && body.data?.changeCursor === null ? "engine" : "whole";
}

/** GraphiQL keeps open tabs; those of one shape of the graph would fail in the other. */
function storageOf(shape) {
  const prefix = `${shape}:`;
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return {
    get length() {
      return keys().length;
    },
    getItem: (key) => localStorage.getItem(prefix + key),
    setItem: (key, value) => localStorage.setItem(prefix + key, value),
    removeItem: (key) => localStorage.removeItem(prefix + key),
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  };
}

const form = document.getElementById("sign-in");
const input = document.getElementById("token");

function askForToken() {
  const wasRefused = sessionStorage.getItem(TOKEN) !== null;
  document.getElementById("sign-in-reason").textContent = wasRefused
    ? "This token is not valid here, or it has ended."
    : "This gateway wants to know who asks. Paste a token from its operator:";
  // The portal signs people in at the issuer that is set, and leads back here.
  const hasIssuer = document.querySelector('meta[name="vnic-graph-sign-in"]') !== null;
  const elsewhere = document.getElementById("sign-in-elsewhere");
  elsewhere.href = "./?next=graphiql";
  elsewhere.hidden = !hasIssuer;
  form.hidden = false;
}

function showNotice(text) {
  const notice = document.getElementById("notice");
  notice.textContent = text;
  notice.hidden = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (input.value.trim() === "") return;
  sessionStorage.setItem(TOKEN, input.value.trim());
  input.value = "";
  form.hidden = true;
  void start();
});

void start();
