import { appendFile, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createIdentity } from "../../../src/server/identity/identity.js";
import { loadTokenFile } from "../../../src/server/identity/token-file.js";
import { createToken } from "../../../src/server/identity/token-lines.js";
import { buildGraphSchema } from "../../../src/graph/schema.js";
import type { Role } from "../../../src/model/roles.js";
import type { ServerOptions } from "../../../src/server/options.js";
import { readAnswer, rememberingLog, served } from "../running.js";
import { uuid } from "../../support/builders/ids.js";
import { temporaryFile } from "../temporary.js";

const inAnHour = () => new Date(Date.now() + 3_600_000);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

async function withTokens(...roles: Role[]) {
  return openWithTokensFor({}, roles);
}

async function openWithTokensFor(options: Partial<ServerOptions>, roles: Role[]) {
  const { token, line } = createToken({ name: "gateway", roles, expiresAt: inAnHour() });
  const path = await temporaryFile(`# tokens\n\n${line}\n`);
  const { log, lines } = rememberingLog();
  const file = await loadTokenFile(path, log);
  const identity = createIdentity([file]);
  const server = await served({ identity, metrics: () => Promise.resolve("up 1\n"), ...options });
  return { token, path, file, server, lines };
}

describe("a token file", () => {
  test("of ten thousand lines is read again in turns with everything else", async () => {
    const lines = Array.from({ length: 10_000 }, (_, at) => {
      return createToken({ name: `token ${at}`, roles: ["reader"], expiresAt: inAnHour() }).line;
    });
    const { log, lines: logged } = rememberingLog();
    const file = await loadTokenFile(await temporaryFile(lines.join("\n")), log);
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await file.reload();
    isOver = true;
    expect(logged.at(-1)).toMatchObject({ msg: "tokens reloaded", tokens: 10_000 });
    expect(turns).toBeGreaterThanOrEqual(40);
  });
});

describe("a token", () => {
  test("opens the graph, and its name is in the log", async () => {
    const { server, token } = await withTokens("reader");
    const { status, body } = await server.post("{ vm(id: 1) { name } }", bearer(token));
    expect([status, body.data]).toEqual([200, { vm: { name: "vm-1" } }]);
    expect(server.lines.at(-1)).toMatchObject({ viewer: "gateway", decision: "answered" });
    expect(JSON.stringify(server.lines)).not.toContain(token);
  });

  test.each([
    ["none", {}, /^Bearer realm="vnic-graph"$/],
    ["a wrong one", { authorization: "Bearer vg_wrong" }, /error="invalid_token"$/],
    ["an empty one", { authorization: "Bearer " }, /invalid_token/],
    ["another scheme", { authorization: "Basic YTpi" }, /invalid_token/],
    ["a list", { authorization: "Bearer a, Bearer b" }, /invalid_token/],
    ["one for another purpose", { "x-api-key": "vg_wrong" }, /^Bearer realm="vnic-graph"$/],
  ])("is asked for: %s", async (_title, headers, challenge) => {
    const { server } = await withTokens("reader");
    const answer = await server.post("{ __typename }", { headers: headers });
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
    expect(answer.headers.get("www-authenticate")).toMatch(challenge);
  });

  test("does not count in the query string, nor as its own hash", async () => {
    const { server, token } = await withTokens("reader");
    for (const name of ["access_token", "token", "authorization"]) {
      expect((await fetch(`${server.url}/graphql?query={__typename}&${name}=${token}`)).status).toBe(401);
    }
    const hash = createHash("sha256").update(token).digest("hex");
    expect((await server.post("{ __typename }", bearer(hash))).status).toBe(401);
  });

  test("ends when it expires", async () => {
    const { token, line } = createToken({
      name: "old",
      roles: ["reader"],
      expiresAt: new Date("2026-01-01T00:00:00Z"),
    });
    let now = Date.parse("2025-12-31T23:59:59Z");
    const file = await loadTokenFile(await temporaryFile(line), rememberingLog().log, () => now);
    const credentials = { authorization: `Bearer ${token}`, certificate: null };
    expect(await file.identify(credentials)).toMatchObject({ name: "old" });
    now = Date.parse("2026-01-01T00:00:00Z");
    expect(await file.identify(credentials)).toBeNull();
  });

  test("carries its scope", async () => {
    const scope = { namePatterns: ["web-*"], hostIds: [], vmIds: ["a71fd4e2-0000-4000-8000-000000000001"] };
    const { token, line } = createToken({ name: "team", roles: ["reader"], expiresAt: null, scope });
    const file = await loadTokenFile(await temporaryFile(line), rememberingLog().log);
    expect(await file.identify({ authorization: `bearer ${token}`, certificate: null })).toMatchObject({
      scope,
    });
  });
});

describe("roles", () => {
  test.each([
    ["reader", 200, 200],
    ["operator", 200, 200],
    ["router", 200, 403],
    ["metrics", 403, 200],
  ] as const)("%s: the graph %i, metrics %i", async (role, graph, metrics) => {
    const { server, token } = await withTokens(role);
    const answer = await server.post("{ __typename }", bearer(token));
    expect(answer.status).toBe(graph);
    if (graph === 403) expect(answer.body.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    expect((await fetch(`${server.url}/metrics`, bearer(token))).status).toBe(metrics);
  });

  test("of fields are the graph's own rule; an answer that is forbidden as a whole is 403", async () => {
    const options = {
      schema: buildGraphSchema({ federation: "whole" }),
      contextFor: (viewer: object) => ({ viewer }),
    };
    const { server, token } = await openWithTokensFor(options, ["reader"]);
    for (const query of ["{ _service { sdl } }", "mutation { refreshHost(id: 1) { id } }"]) {
      const { status, body } = await server.post(query, bearer(token));
      expect([query, status, body.errors?.[0]?.extensions.code]).toEqual([query, 403, "FORBIDDEN"]);
    }
  });

  test("health is open, metrics are not", async () => {
    const { server } = await withTokens("reader");
    const status = async (path: string) => (await fetch(server.url + path)).status;
    expect([await status("/healthz"), await status("/readyz"), await status("/metrics")]).toEqual([
      200, 200, 401,
    ]);
  });
});

describe("the token file", () => {
  test("is read again on demand", async () => {
    const { server, token, path, file, lines } = await withTokens("reader");
    const other = createToken({ name: "other", roles: ["reader"], expiresAt: null });
    await appendFile(path, `${other.line}\n`);
    expect((await server.post("{ __typename }", bearer(other.token))).status).toBe(401);
    await file.reload();
    expect((await server.post("{ __typename }", bearer(other.token))).status).toBe(200);
    await writeFile(path, other.line);
    await file.reload();
    expect((await server.post("{ __typename }", bearer(token))).status).toBe(401);
    expect(lines.at(-1)).toMatchObject({ msg: "tokens reloaded", tokens: 1 });
  });

  test("the token file that went bad keeps the old list, and says so in one line", async () => {
    const { server, token, path, file, lines } = await withTokens("reader");
    await writeFile(path, "{ not json");
    await file.reload();
    expect((await server.post("{ __typename }", bearer(token))).status).toBe(200);
    expect(lines.at(-1)).toMatchObject({
      level: 50,
      msg: "tokens not reloaded, the old ones stay",
      reason: expect.stringContaining(`AUTH_TOKENS_FILE: ${path}:1: no token line`) as string,
    });
  });

  test("gives no operator a scope: hosts are managed whole", async () => {
    const scope = { namePatterns: ["web-*"], hostIds: [], vmIds: [] };
    const { line } = createToken({ name: "team", roles: ["operator"], expiresAt: null, scope });
    await expect(loadTokenFile(await temporaryFile(line), rememberingLog().log)).rejects.toThrow(
      /:1: an operator manages all hosts, so this token cannot have a scope/,
    );
  });

  test.each([
    ['{"name":"a","roles":["admin"],"sha256":"x"}', /:1: roles.0 is not right/],
    ['{"name":"a","roles":[],"sha256":"x"}', /roles is not right/],
    ['{"name":"a","roles":["reader"],"sha256":"short"}', /sha256 is not right/],
    [
      `{"name":"a","roles":["reader"],"sha256":"${"a".repeat(64)}","expiresAt":"soon"}`,
      /expiresAt is not right/,
    ],
    [`{"name":"a","roles":["reader"],"sha256":"${"a".repeat(64)}","token":"secret"}`, /no token line/],
    [
      `{"name":"a","roles":["reader"],"sha256":"${"a".repeat(64)}"}\n`.repeat(2),
      /the token of a stands there twice/,
    ],
    [
      `{"name":"a","roles":["reader"],"sha256":"${"a".repeat(64)}"}\n# other\n{"name":"a","roles":["reader"],"sha256":"${"b".repeat(64)}"}`,
      /the name a stands there twice, in lines 1 and 3; remove or rename one/,
    ],
    [
      `{"name":"a","roles":["reader"],"sha256":"${"a".repeat(64)}","scope":{"namePatterns":["w\\u0000b"]}}`,
      /scope.namePatterns.0 is not right/,
    ],
    [`{"name":"a\\u001b[2J","roles":["reader"],"sha256":"${"a".repeat(64)}"}`, /name is not right/],
    [
      `\n{"name":"a","roles":["reader"],"sha256":"${"a".repeat(64)}","roles":["operator"]}`,
      /:2: the key roles stands there twice; remove one/,
    ],
    [
      `{"name":"a","roles":["reader"],"sha256":"${"a".repeat(64)}","scope":{"vmIds":["${uuid(1, 1)}"],"vmIds":[]}}`,
      /:1: the key scope.vmIds stands there twice; remove one/,
    ],
    ["[]", /no token line/],
  ])("with a wrong line ends the start: %s", async (content, message) => {
    const opening = loadTokenFile(await temporaryFile(content), rememberingLog().log);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(/secret/);
  });

  test("of 20,000 lines is read in a time that grows with the lines, not with their square", async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) =>
      JSON.stringify({
        name: `n${at}`,
        roles: ["reader"],
        sha256: createHash("sha256").update(`${at}`).digest("hex"),
      }),
    );
    const timed = async (count: number) => {
      const path = await temporaryFile(lines.slice(0, count).join("\n"));
      // Its own work: a busy machine's other work is not the file's.
      const begun = process.cpuUsage();
      await loadTokenFile(path, rememberingLog().log);
      const { user, system } = process.cpuUsage(begun);
      return user + system;
    };
    await timed(1_000);
    const few = Math.min(await timed(2_000), await timed(2_000));
    expect(await timed(20_000)).toBeLessThan(40 * few);
  });

  test("without a token is said to open nothing", async () => {
    const { log, lines } = rememberingLog();
    const file = await loadTokenFile(await temporaryFile("# nobody yet\n"), log);
    await file.reload();
    expect(lines.filter(({ level }) => level === 40)).toHaveLength(2);
    expect(lines[0]!["msg"]).toMatch(/^AUTH_TOKENS_FILE holds no token/);
  });

  test("the token file that is not there ends the start", async () => {
    await expect(loadTokenFile("/nowhere/tokens", rememberingLog().log)).rejects.toThrow(
      "AUTH_TOKENS_FILE: /nowhere/tokens cannot be read; check the path and its permissions",
    );
  });
});

test("a new token has 256 bits, and its line does not hold it", () => {
  const { token, line } = createToken({ name: "a", roles: ["reader", "router"], expiresAt: null });
  expect(token).toMatch(/^vg_[A-Za-z0-9_-]{43}$/);
  expect(line).not.toContain(token);
  expect(JSON.parse(line)).toMatchObject({ name: "a", roles: ["reader", "router"], expiresAt: null });
});

test("every answer without identity is in GraphQL's form", async () => {
  const { server } = await withTokens("reader");
  const answer = await readAnswer(
    await fetch(`${server.url}/graphql?query={__typename}`, {
      headers: { accept: "application/graphql-response+json" },
    }),
  );
  expect(answer.headers.get("content-type")).toBe("application/graphql-response+json; charset=utf-8");
  expect(answer.body.errors).toHaveLength(1);
});
