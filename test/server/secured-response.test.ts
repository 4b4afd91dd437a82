import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { SECURITY_HEADERS } from "../../src/server/security-headers.js";
import { SecuredResponse } from "../../src/server/secured-response.js";

let server: Server;

afterEach(() => {
  server.close();
});

/** Serves one answer, and returns its headers as a client gets them. */
async function getHeaders(answer: (response: SecuredResponse) => void): Promise<Headers> {
  server = createServer({ ServerResponse: SecuredResponse }, (_request, response) => {
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(await response.text()).toBe("body");
  return response.headers;
}

test.each<[string, (response: SecuredResponse) => void]>([
  [
    "a head with headers",
    (response) => response.writeHead(200, { "content-type": "text/plain" }).end("body"),
  ],
  ["a head with a message", (response) => response.writeHead(200, "Fine", { a: "b" }).end("body")],
  ["a head with a list", (response) => response.writeHead(200, ["a", "b"]).end("body")],
  [
    "headers that were set before",
    (response) => response.setHeader("a", "b").writeHead(200, { c: "d" }).end("body"),
  ],
  ["a head by its old name", (response) => response.writeHeader(200, { a: "b" }).end("body")],
  [
    "a header that makes Node send the head at once",
    (response) => response.setHeader("expect", "a").end("body"),
  ],
  ["no head of its own", (response) => response.end("body")],
  ["a body in pieces", (response) => (response.write("bo"), response.end("dy"))],
])("an answer with %s has each security header once", async (_what, answer) => {
  const headers = await getHeaders(answer);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) expect(headers.get(name)).toBe(value);
});

test.each<[string, (response: SecuredResponse) => void]>([
  ["in its head", (response) => response.writeHead(200, { "x-frame-options": "SAMEORIGIN" }).end("body")],
  [
    "in its head, in capitals",
    (response) => response.writeHead(200, { "X-Frame-Options": "SAMEORIGIN" }).end("body"),
  ],
  ["in a list", (response) => response.writeHead(200, ["X-Frame-Options", "SAMEORIGIN"]).end("body")],
  ["before its head", (response) => response.setHeader("X-Frame-Options", "SAMEORIGIN").end("body")],
])("a value that an answer sets itself %s counts, and the other headers stay", async (_what, answer) => {
  const headers = await getHeaders(answer);
  expect(Object.fromEntries(headers)).toMatchObject({ ...SECURITY_HEADERS, "x-frame-options": "SAMEORIGIN" });
});
