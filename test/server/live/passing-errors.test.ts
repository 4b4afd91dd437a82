import { createClient } from "graphql-sse";
import { expect, test } from "vitest";
import { createNeverAvailableError } from "../../../src/graph/errors.js";
import { DatabaseUnavailableError } from "../../../src/store/postgres/errors.js";
import { eventually } from "../../support/eventually.js";
import { startLiveServer } from "./live-server.js";

const query = "subscription { guestNetworkChanged { cursor } }";

/** Starts a server whose subscriptions all end with this error, and counts them. */
async function startFailing(error: Error) {
  let asked = 0;
  const { server } = await startLiveServer({
    contextFor: () => {
      asked += 1;
      throw error;
    },
  });
  return { url: `${server.url}/graphql/stream`, countAsked: () => asked };
}

async function readStream(url: string): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query }),
  });
  return response.text();
}

test("a stream that ends with an error that passes is not complete, and its client connects again", async () => {
  const { url, countAsked } = await startFailing(new DatabaseUnavailableError("away", new Error("refused")));
  const text = await readStream(url);
  expect(text).toContain('"code":"NOT_AVAILABLE"');
  expect(text).not.toContain("event: complete");
  const client = createClient({ url, retryAttempts: 100, retry: () => Promise.resolve() });
  const unsubscribe = client.subscribe(
    { query },
    { next: () => undefined, error: () => undefined, complete: () => undefined },
  );
  await eventually(() => {
    expect(countAsked()).toBeGreaterThan(3);
  });
  unsubscribe();
  client.dispose();
});

test("a stream that ends with an error that stays is complete", async () => {
  const { url } = await startFailing(createNeverAvailableError("there is no log of changes"));
  const text = await readStream(url);
  expect(text).toContain('"permanent":true');
  expect(text).toMatch(/event: complete\ndata:\n\n$/);
});
