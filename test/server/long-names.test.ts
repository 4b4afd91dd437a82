import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { hasLongNameOrId } from "../../src/server/live/long-names.js";
import { served } from "./running.js";

const LONG = "x".repeat(1_025);
const SHORT = "x".repeat(1_024);

test.each<[string, string, object | undefined, string | null]>([
  ["a long name in variables", "{ __typename }", { [LONG]: 1 }, "BAD_REQUEST"],
  ["a long name deep in variables", "{ __typename }", { a: [{ b: { [LONG]: 1 } }] }, "BAD_REQUEST"],
  ["a name of escapes", "{ __typename }", { ["\n".repeat(600)]: 1 }, "BAD_REQUEST"],
  ["a name that is not too long", "{ __typename }", { [SHORT]: 1 }, null],
  ["a long value", "{ __typename }", { a: `${LONG}":`, b: [LONG, ":"] }, null],
  ["a long alias", `{ ${LONG}: __typename }`, undefined, "DOCUMENT_TOO_LARGE"],
  ["an alias that is not too long", `{ ${SHORT}: __typename }`, undefined, null],
  ["a long word in a comment", `{ __typename } # ${LONG}`, undefined, null],
])("a request with %s is answered or refused by the name's length", async (_what, query, variables, code) => {
  const server = await served();
  const { status, body } = await server.post(query, { variables });
  expect([status, body.errors?.[0]?.extensions.code ?? null]).toEqual([code === null ? 200 : 400, code]);
});

test.each([
  ["a long name in a ping, before anybody is known", { type: "ping", payload: { [LONG]: 1 } }],
  ["a long id", { type: "complete", id: LONG }],
])("a WebSocket with %s is closed with 4400", async (_what, message) => {
  const server = await served();
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  await once(socket, "open");
  socket.send(JSON.stringify(message));
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([4_400, "A name or an id has more than 1024 characters"]);
});

test.each([
  ['{"type":"ping","payload":{"a":"' + LONG + '"}}', false],
  ['{"id":"' + SHORT + '","type":"complete"}', false],
  ['{"\\u0069d":"' + LONG + '","type":"complete"}', true],
  ["[" + " ".repeat(2_000), false],
  ["null" + " ".repeat(2_000), false],
  ['{"' + LONG + '" \n:1}', true],
  ['{"a\\\\":"' + LONG + '"}', false],
])("a message's names and id are looked at, whatever it is: %.30s", (message, isLong) => {
  expect(hasLongNameOrId(message)).toBe(isLong);
});
