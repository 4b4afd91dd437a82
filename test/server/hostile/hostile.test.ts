import { afterAll, beforeAll, expect, test } from "vitest";
import { HONEST_QUERIES, HOSTILE_REQUESTS, NUL_IN_VARIABLE } from "./hostile-requests.js";
import { readAnswer, type Served, unmanaged } from "../running.js";
import { collectGarbage } from "../../support/garbage.js";

let server: Served;
beforeAll(async () => {
  server = await unmanaged();
});
afterAll(() => server.stop());

/** What no answer may hold: stacks, secrets, SQL, the server's files, hints at hidden fields. */
const LEAKS = /\n\s+at |node_modules|hunter2|postgres:|select secret|\/src\/|Did you mean|secretRendezvous/;

test("the table has at least a hundred hostile requests", () => {
  expect(HOSTILE_REQUESTS.length).toBeGreaterThanOrEqual(100);
});

test.each(HOSTILE_REQUESTS)(
  "$title",
  async ({ method = "POST", path = "/graphql", headers, body, status, code }) => {
    const before = server.doings.resolved;
    const answer = await readAnswer(
      await fetch(server.url + path, {
        method,
        ...(headers && { headers }),
        ...(body !== undefined && { body: formatBody(body) }),
      }),
    );

    expect([status].flat(), answer.text.slice(0, 300)).toContain(answer.status);
    if (code !== undefined) expect(answer.body.errors?.[0]?.extensions.code).toBe(code);
    expect(answer.body.data ? JSON.stringify(answer.body.errors ?? []) : answer.text).not.toMatch(LEAKS);
    expect(answer.body.errors?.length ?? 0).toBeLessThanOrEqual(40);
    if (answer.status >= 400)
      expect(server.doings.resolved, "refused without executing anything").toBe(before);
    expect(server.doings.mutations).toBe(0);
    await expectHonestAnswer();
  },
);

test("a NUL in a variable goes no further than the schema", async () => {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: NUL_IN_VARIABLE,
  });
  expect(response.status).toBe(200);
});

test.each(HONEST_QUERIES)("lets through $title", async ({ query, variables }) => {
  const { status, body } = await server.post(query, { variables });
  expect(body.errors).toBeUndefined();
  expect(status).toBe(200);
});

test("memory stays flat however often the whole table is sent", async () => {
  const heaps: number[] = [];
  for (let round = 0; round < 4; round++) {
    for (const { method = "POST", path = "/graphql", headers, body } of HOSTILE_REQUESTS) {
      const sent = {
        method,
        ...(headers && { headers }),
        ...(body !== undefined && { body: formatBody(body) }),
      };
      await (await fetch(server.url + path, sent)).arrayBuffer();
    }
    server.lines.length = 0;
    collectGarbage();
    heaps.push(process.memoryUsage().heapUsed);
  }
  // The first round fills caches; after that nothing may pile up. One round sends some 30 MB.
  expect(heaps.at(-1)! - heaps[1]!).toBeLessThan(12 * 1024 * 1024);
});

async function expectHonestAnswer(): Promise<void> {
  const { status, body } = await server.post("{ vm(id: 7) { name nics { mac } } }");
  expect(status).toBe(200);
  expect(body.data).toMatchObject({ vm: { name: "vm-7" } });
}

function formatBody(body: string | Buffer): string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" ? body : new Uint8Array(body);
}
