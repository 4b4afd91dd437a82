import { createHash } from "node:crypto";
import { connect } from "node:net";
import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { createOpenIdentity } from "../../src/server/identity/identity.js";
import { hasIpv6 } from "../support/processes/tcp.js";
import { readAnswer, served, unmanaged, until } from "./running.js";
import { temporaryFile } from "./temporary.js";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("starting", () => {
  test("a port that is taken is one clear line", async () => {
    const { port } = await served();
    await expect(unmanaged({ port })).rejects.toThrow(
      `cannot listen on 127.0.0.1 port ${port}: the port is taken; end the other process, or set PORT (0 takes a free one)`,
    );
  });

  test("an address of another machine is one clear line", async () => {
    await expect(unmanaged({ host: "203.0.113.1", insecure: true })).rejects.toThrow(
      "cannot listen on 203.0.113.1 port 0: this machine does not have that address; set HOST to one of its own",
    );
  });

  test("other addresses than loopback need an identity, or insecure spelled out", async () => {
    await expect(unmanaged({ host: "0.0.0.0" })).rejects.toThrow(/nothing says who may ask/);
    const server = await served({ host: "0.0.0.0", insecure: true });
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
  });

  test.skipIf(!hasIpv6)("IPv6 addresses stand in brackets in the URL", async () => {
    const server = await served({ host: "::1" });
    expect(server.url).toBe(`http://[::1]:${server.port}`);
    expect((await server.post("{ __typename }")).status).toBe(200);
  });
});

describe("health", () => {
  test("answers whether the gateway is ready, and why not", async () => {
    const reasons: string[] = ["the database does not answer"];
    const server = await served({
      readiness: () => Promise.resolve({ ready: reasons.length === 0, reasons }),
    });
    const ready = async () => readAnswer(await fetch(`${server.url}/readyz`));
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(await ready()).toMatchObject({ status: 503, body: { ready: false, reasons } });
    reasons.pop();
    expect(await ready()).toMatchObject({ status: 200, body: { ready: true, reasons: [] } });
  });

  test("a question to the database that fails or hangs is not ready; all who ask share one question", async () => {
    let asked = 0;
    const hangs = await served({ readiness: () => (asked++, new Promise(() => undefined)) });
    const answers = await Promise.all(
      [1, 2, 3].map(async () => readAnswer(await fetch(`${hangs.url}/readyz`))),
    );
    expect(answers.map((each) => each.status)).toEqual([503, 503, 503]);
    expect(asked).toBe(1);
    const fails = await served({ readiness: () => Promise.reject(new Error("password of admin")) });
    const failed = await readAnswer(await fetch(`${fails.url}/readyz`));
    expect(failed).toMatchObject({ status: 503, body: { reasons: ["the database does not answer"] } });
  });

  test("probes may call by any name, nobody else may", async () => {
    const { port } = await served();
    expect(await raw(port, "GET /healthz HTTP/1.1\r\nHost: pod-7\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1.1 200/,
    );
    expect(
      await raw(
        port,
        "GET /graphql?query={__typename} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
      ),
    ).toMatch(/^HTTP\/1.1 421[^]*HOST_NOT_ALLOWED/);
  });
});

describe("errors", () => {
  test("unforeseen ones are an id for the client, and whole in the log", async () => {
    const server = await served();
    const { status, body, headers } = await server.post("{ boom vm(id: 1) { id } }");
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ boom: null, vm: { id: "1" } });
    const id = headers.get("x-request-id")!;
    expect(body.errors).toEqual([
      {
        message: `Internal error (request ${id})`,
        path: ["boom"],
        locations: [expect.anything()],
        extensions: { code: "INTERNAL_SERVER_ERROR" },
      },
    ]);
    const logged = server.lines.find((line) => line["msg"] === "internal error");
    expect(logged).toMatchObject({
      requestId: id,
      err: { message: expect.stringContaining("ECONNREFUSED") as string },
    });
  });

  test("those with a code are for the client", async () => {
    const server = await served();
    const { body } = await server.post("{ coded }");
    expect(body.errors).toMatchObject([{ message: "not here", extensions: { code: "NOT_AVAILABLE" } }]);
  });

  test("a context that cannot be made is masked as well", async () => {
    const server = await served({
      contextFor: () => {
        throw new Error("secret");
      },
    });
    const { status, text } = await server.post("{ __typename }");
    expect(status).toBe(500);
    expect(text).not.toContain("secret");
  });
});

describe("answers", () => {
  test("are compressed for clients that can read that", async () => {
    const server = await served();
    const fetched = await fetch(`${server.url}/graphql?query={vms(first:200){nodes{id,name}}}`, {
      headers: { "accept-encoding": "br" },
    });
    expect(fetched.headers.get("content-encoding")).toBe("br");
    expect(((await fetched.json()) as { data: { vms: { nodes: unknown[] } } }).data.vms.nodes).toHaveLength(
      200,
    );
  });

  test("carry headers that keep browsers from reading more into them", async () => {
    const server = await served();
    const { headers } = await server.post("{ __typename }");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("strict-transport-security")).toBeNull();
  });

  test("may be kept as long as the operator says, unless something went wrong", async () => {
    const server = await served({ maxAgeSeconds: 5 });
    expect((await server.post("{ __typename }")).headers.get("cache-control")).toBe("public, max-age=5");
    expect((await server.post("{ boom }")).headers.get("cache-control")).toBe("no-store");
    expect((await server.post("mutation { restart(id: 1) }")).headers.get("cache-control")).toBe("no-store");
  });

  test("may be read by pages of listed origins only", async () => {
    const origin = "https://portal.example";
    const server = await served({ cors: [origin] });
    const preflight = (from: string) =>
      fetch(`${server.url}/graphql`, {
        method: "OPTIONS",
        headers: {
          origin: from,
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type",
        },
      });
    expect((await preflight(origin)).headers.get("access-control-allow-origin")).toBe(origin);
    expect((await preflight("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
    const read = await server.post("{ __typename }", { headers: { origin, "sec-fetch-site": "cross-site" } });
    expect([read.status, read.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
    expect(
      (await server.post("{ __typename }", { headers: { origin: "https://evil.example" } })).status,
    ).toBe(403);
  });

  test("leave one line each in the log, without variables", async () => {
    const server = await served();
    await server.post("query Named($i: ID!) { vm(id: $i) { id nics { id } } }", {
      variables: { i: "secret-id" },
    });
    await server.post("{ nothing }");
    const lines = server.lines.filter((line) => line["msg"] === "request");
    expect(lines).toMatchObject([
      {
        viewer: "anybody",
        operation: "Named",
        cost: 13,
        rows: 5,
        status: 200,
        decision: "answered",
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        ms: expect.any(Number) as number,
      },
      { decision: "GRAPHQL_VALIDATION_FAILED", rows: 0, cost: null },
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret-id");
  });

  test("have in the log what a line has room for of a long name", async () => {
    const server = await served();
    const name = "a".repeat(1_000);
    expect((await server.post(`query ${name} { __typename }`)).status).toBe(200);
    const [line] = server.lines.filter(({ msg }) => msg === "request");
    expect(line).toMatchObject({ decision: "answered", operation: name.slice(0, 500) });
  });
});

describe("persisted queries", () => {
  const query = "{ vm(id: 3) { name } }";
  const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(query) } };

  test("run by their hash once they were sent in full", async () => {
    const server = await served();
    const ask = async (body: unknown) =>
      readAnswer(
        await fetch(`${server.url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      );
    expect((await ask({ extensions })).body.errors?.[0]?.extensions.code).toBe("PERSISTED_QUERY_NOT_FOUND");
    expect((await ask({ query, extensions })).body.data).toEqual({ vm: { name: "vm-3" } });
    expect((await ask({ extensions })).body.data).toEqual({ vm: { name: "vm-3" } });
    const byGet = await fetch(
      `${server.url}/graphql?extensions=${encodeURIComponent(JSON.stringify(extensions))}`,
    );
    expect((await readAnswer(byGet)).body.data).toEqual({ vm: { name: "vm-3" } });
  });
});

describe("trusted documents", () => {
  const query = "query Trusted { vm(id: 3) { name } }";

  test.each([
    ["a list", JSON.stringify([query])],
    ["a map", JSON.stringify({ [sha256(query)]: query })],
    ["a map with prefixes", JSON.stringify({ [`sha256:${sha256(query)}`]: query })],
  ])("nothing else runs: %s", async (_title, content) => {
    const file = await temporaryFile(content);
    const server = await served({ trustedDocumentsFile: file });
    const ask = async (body: unknown) =>
      readAnswer(
        await fetch(`${server.url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      );
    const data = { vm: { name: "vm-3" } };
    expect((await ask({ query })).body.data).toEqual(data);
    expect((await ask({ documentId: `sha256:${sha256(query)}` })).body.data).toEqual(data);
    expect(
      (await ask({ extensions: { persistedQuery: { version: 1, sha256Hash: sha256(query) } } })).body.data,
    ).toEqual(data);
    for (const other of [
      { query: "{ __typename }" },
      { query: "{ __typename }", documentId: `sha256:${sha256(query)}` },
      { documentId: sha256("x") },
      {},
    ]) {
      expect(await ask(other)).toMatchObject({
        status: 403,
        body: { errors: [{ extensions: { code: "DOCUMENT_NOT_TRUSTED" } }] },
      });
    }
  });

  test("may come in a file that begins with the mark of UTF-8", async () => {
    const file = await temporaryFile(`\uFEFF${JSON.stringify(["{ __typename }"])}`);
    const server = await served({ trustedDocumentsFile: file });
    expect((await server.post("{ __typename }")).status).toBe(200);
  });

  test.each([
    ["{", /is no JSON; it must be a list of operations/],
    ["[]", /lists no operation/],
    ["[1]", /is not text/],
    [JSON.stringify({ [sha256("a")]: "b" }), /is not the SHA-256/],
  ])("a file that is wrong ends the start: %s", async (content, message) => {
    const file = await temporaryFile(content);
    await expect(unmanaged({ trustedDocumentsFile: file })).rejects.toThrow(message);
    await writeFile(file, "");
  });
});

describe("time", () => {
  test("a request that waits too long is answered, and its work is told to stop", async () => {
    const server = await served({ limits: { deadlineMs: 100 } });
    const { status, body } = await server.post("{ slow { id } }");
    expect(status).toBe(504);
    expect(body.errors?.[0]?.extensions.code).toBe("DEADLINE_EXCEEDED");
    await until(() => server.doings.waiting.size === 0);
  });

  test("work that never waits stops, too", async () => {
    const server = await served({ limits: { deadlineMs: 1_000 } });
    // 480 objects of 20 ms each.
    const many = `{ ${Array.from({ length: 20 }, (_, at) => `a${at}: spin { ${"slow { ".repeat(8)} id ${"} ".repeat(8)} }`).join(" ")} }`;
    const { status, body } = await server.post(many);
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([504, "DEADLINE_EXCEEDED"]);
    expect(server.doings.resolved).toBeLessThan(100);
    expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
  });

  test("a client that goes takes its work along", async () => {
    const server = await served();
    const gone = new AbortController();
    const request = fetch(`${server.url}/graphql?query={slow{id}}`, { signal: gone.signal });
    await until(() => server.doings.waiting.size === 1);
    gone.abort();
    await expect(request).rejects.toThrow();
    await until(() => server.doings.waiting.size === 0);
  });
});

describe("many at once", () => {
  test("those who find no room are told when to come back, and health still answers", async () => {
    const server = await served({ limits: { running: 2, waiting: 3 } });
    const asked = Array.from({ length: 10 }, () => server.post("{ slow { id } }"));
    await until(() => server.doings.waiting.size === 2);
    const refused = await Promise.race([
      Promise.all(asked.slice(0)),
      until(() => refusals(server.lines) === 5),
    ]);
    expect(refused).toBeUndefined();
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const release = setInterval(() => {
      for (const go of server.doings.waiting) go();
    }, 5);
    const answers = await Promise.all(asked);
    clearInterval(release);
    expect(answers.filter((each) => each.status === 200)).toHaveLength(5);
    const full = answers.filter((each) => each.status === 503);
    expect(
      full.map((each) => [each.body.errors?.[0]?.extensions.code, each.headers.get("retry-after")]),
    ).toEqual(Array.from({ length: 5 }, () => ["OVERLOADED", "1"]));
  });

  test("two heavy ones run at once; of the others those are refused that have waited for half of their time", async () => {
    const server = await served({ limits: { cost: 2_000, deadlineMs: 3_000 } });
    const heavy = "{ slow { id } vms(first: 100) { nodes { id } } }";
    const asked = Array.from({ length: 6 }, () => server.post(heavy));
    await until(() => server.doings.waiting.size === 2);
    expect((await server.post("{ __typename }")).status).toBe(200);
    const answers = (await Promise.all(asked)).map(({ status, headers, body }) =>
      [status, body.errors?.[0]?.extensions.code, headers.get("retry-after")].join(" "),
    );
    expect(answers.toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => "503 OVERLOADED 1"),
      ...Array.from({ length: 2 }, () => "504 DEADLINE_EXCEEDED "),
    ]);
    expect(server.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("bodies share one budget of memory", async () => {
    const server = await served({ limits: { bufferedBytes: 5_000 } });
    const big = { variables: { pad: "x".repeat(6_000) } };
    expect((await server.post("{ __typename }", big)).status).toBe(503);
    expect((await server.post("{ __typename }")).status).toBe(200);
  });
});

describe("ending", () => {
  test("drains: not ready, what runs is answered, nothing new is accepted", async () => {
    const server = await unmanaged();
    const running = server.post("{ slow { id } }");
    await until(() => server.doings.waiting.size === 1);
    const draining = server.drain({ delayMs: 2_000 });
    const ready = await readAnswer(await fetch(`${server.url}/readyz`));
    expect(ready).toMatchObject({ status: 503, body: { reasons: ["shutting down"] } });
    expect(ready.headers.get("connection")).toBe("close");
    await until(() =>
      fetch(`${server.url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    for (const go of server.doings.waiting) go();
    expect((await running).body.data).toEqual({ slow: { id: "1" } });
    await draining;
    await server.stop();
  });

  test("cuts off what takes too long", async () => {
    const server = await unmanaged();
    const running = server.post("{ slow { id } }").catch((error: unknown) => error);
    await until(() => server.doings.waiting.size === 1);
    await server.drain({ timeoutMs: 50 });
    expect(await running).toBeInstanceOf(Error);
    await until(() => server.doings.waiting.size === 0);
  });

  test("does not wait for connections that nobody uses", async () => {
    const server = await unmanaged();
    await server.post("{ __typename }");
    const idle = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => idle.once("connect", resolve));
    const closed = new Promise((resolve) => idle.once("close", resolve));
    idle.on("error", () => undefined);
    await server.drain({ timeoutMs: 60_000 });
    await closed;
  });
});

describe("metrics", () => {
  test("are served in Prometheus' format, or not at all", async () => {
    const server = await served({ metrics: () => Promise.resolve("up 1\n") });
    const answer = await readAnswer(await fetch(`${server.url}/metrics`));
    expect([answer.status, answer.text, answer.headers.get("content-type")]).toEqual([
      200,
      "up 1\n",
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    const without = await served({ identity: createOpenIdentity(), metrics: null });
    expect((await fetch(`${without.url}/metrics`)).status).toBe(404);
  });
});

function refusals(lines: readonly Record<string, unknown>[]): number {
  return lines.filter((line) => line["decision"] === "OVERLOADED").length;
}

/** Sends bytes and reads until the server ends the connection. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => {
      resolve(answer);
    });
  });
}
