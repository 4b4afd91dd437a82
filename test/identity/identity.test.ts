import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Role } from "../../src/model/roles.js";
import { ROOT_FIELD_ROLES } from "../../src/graph/roles.js";
import { createToken } from "../../src/server/identity/token-lines.js";
import { createAuthority, type Credentials } from "../../src/simulator/wire/certificates.js";
import { newKey, startIssuer } from "../server/identity/issuer.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";
import { runVnicGraph } from "../support/processes/process.js";

const folder = temporaryFolder();
const tokensFile = join(folder.path, "tokens");
const tokens = new Map<Role, string>();
let database: TestDatabase;
let gateway: RunningGateway;

beforeAll(async () => {
  for (const role of ["reader", "operator", "router", "metrics"] as const) {
    tokens.set(role, addLine(role, { roles: [role] }));
  }
  database = await createDatabase();
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    AUTH_TOKENS_FILE: tokensFile,
    CORS_ORIGINS: "https://portal.example",
  });
});

afterAll(async () => {
  await gateway.stop();
  await database.drop();
  folder.remove();
});

const FIELDS: Readonly<Record<string, string>> = {
  "Query.vm": `{ vm(id: "00000000-0000-4000-8000-000000000001") { id } }`,
  "Query.vms": "{ vms { totalCount } }",
  "Query.vmNic": `{ vmNic(id: "00000000-0000-4000-8000-000000000001") { id } }`,
  "Query.vmNics": `{ vmNics(macAddress: "56:6f:00:00:00:01") { id } }`,
  "Query.hosts": "{ hosts { id } }",
  "Query.host": `{ host(id: "00000000-0000-4000-8000-000000000001") { id } }`,
  "Query.find": `{ find(text: "web") { kind } }`,
  "Query.guestAddresses": `{ guestAddresses(inCidr: "10.1.2.0/24") { totalCount } }`,
  "Query.addressConflicts": "{ addressConflicts(first: 1) { nodes { __typename } } }",
  "Query.macConflicts": "{ macConflicts(first: 1) { nodes { __typename } } }",
  "Query.guestNetworkStats": "{ guestNetworkStats(by: HOST) { groupCount } }",
  "Query.drift": "{ drift(first: 1) { nodes { kind } } }",
  "Query.addressHistory": `{ addressHistory(address: "10.1.2.3") { nodes { vmId } } }`,
  "Query.changeCursor": "{ changeCursor }",
  "Query._entities": "{ _entities(representations: []) { __typename } }",
  "Query._service": "{ _service { sdl } }",
  "Mutation.refreshHost": `mutation { refreshHost(id: "00000000-0000-4000-8000-000000000001") { id } }`,
  "Mutation.addHost": `mutation { addHost(address: "127.0.0.1:1") { id } }`,
  "Mutation.removeHost": `mutation { removeHost(id: "00000000-0000-4000-8000-000000000001") { id } }`,
};

/** Subscriptions, asked as streams of events. The VM is unknown, so that each of them ends at once or stays silent. */
const STREAMS: Readonly<Record<string, string>> = {
  "Subscription.guestNetworkChanged": `subscription { guestNetworkChanged(after: "no cursor") { cursor } }`,
  "Subscription.vmAddressReady": `subscription { vmAddressReady(vmId: "no id") { address } }`,
  "Subscription.hostStateChanged": `subscription { hostStateChanged(hostIds: ["no id"]) { kind } }`,
};

/** Which kinds of root field a role opens; everything else is refused. */
const OPENS: Readonly<Record<Role, readonly Role[]>> = {
  reader: ["reader"],
  operator: ["reader", "operator"],
  router: ["router"],
  metrics: [],
};

function toStreamPath(query: string): string {
  return `/graphql/stream?query=${encodeURIComponent(query)}`;
}

describe("every root field, asked over HTTP with every role", () => {
  test("has a query in this table", () => {
    expect([...Object.keys(FIELDS), ...Object.keys(STREAMS)].sort()).toEqual(
      Object.keys(ROOT_FIELD_ROLES).sort(),
    );
  });

  const cases = Object.keys(OPENS).flatMap((role) =>
    Object.entries(FIELDS).map(([place, query]) => ({ role: role as Role, place, query })),
  );
  test.each(cases)("$place as $role", async ({ role, place, query }) => {
    const answer = await gateway.ask(tokens.get(role)!, query);
    if (OPENS[role].includes(ROOT_FIELD_ROLES[place]!)) expect(answer.code).not.toBe("FORBIDDEN");
    else {
      expect([answer.status, answer.code]).toEqual([403, "FORBIDDEN"]);
      expect(Object.values(answer.data ?? {}).filter((value) => value !== null)).toEqual([]);
    }
  });

  const streams = Object.keys(OPENS).flatMap((role) =>
    Object.entries(STREAMS).map(([place, query]) => ({ role: role as Role, place, query })),
  );
  test.each(streams)("$place as $role", async ({ role, place, query }) => {
    const answer = await gateway.get(toStreamPath(query), tokens.get(role));
    const isOpen = OPENS[role].includes(ROOT_FIELD_ROLES[place]!);
    // Whoever may ask is told what is wrong with the argument.
    expect(answer.text).toContain(isOpen ? "BAD_USER_INPUT" : "FORBIDDEN");
    expect(answer.text.includes("FORBIDDEN")).toBe(!isOpen);
  });

  test.each([
    ["none", null],
    ["a made-up one", `vg_${"A".repeat(43)}`],
  ])("without a token that counts: %s", async (_title, token) => {
    for (const query of Object.values(FIELDS)) {
      expect(await gateway.ask(token, query)).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
    }
    for (const query of Object.values(STREAMS)) {
      expect((await gateway.get(toStreamPath(query), token)).status).toBe(401);
    }
    expect((await gateway.get("/metrics", token)).status).toBe(401);
  });
});

describe("around the graph", () => {
  test("metrics are for the role metrics, which reads nothing else", async () => {
    const { status, text } = await gateway.get("/metrics", tokens.get("metrics"));
    expect([status, text.includes("vnic_graph_requests_total")]).toEqual([200, true]);
    expect(await gateway.ask(tokens.get("metrics")!, "{ __typename }")).toMatchObject({ status: 403 });
    expect((await gateway.get("/metrics", tokens.get("router"))).status).toBe(403);
  });

  test("GraphiQL is off; health and the portal's page, which holds no data, are open", async () => {
    expect((await gateway.get("/")).status).toBe(200);
    for (const path of ["/graphiql", "/assets/x.js"]) {
      expect([path, (await gateway.get(path, tokens.get("reader"))).status]).toEqual([path, 404]);
    }
    expect(gateway.run.output()).not.toContain("GraphiQL");
    expect((await gateway.get("/healthz")).status).toBe(200);
    expect((await gateway.get("/readyz")).status).toBe(200);
  });
});

test("every request leaves one line: who, what, its hash, cost, rows, time and what was decided", async () => {
  const { headers } = await gateway.ask(tokens.get("operator")!, "query Fleet { hosts { id } }");
  const refused = await gateway.ask(tokens.get("reader")!, 'mutation Add { addHost(address: "x") { id } }');
  // Lines are found by the request's id: an earlier test's line may be written only now.
  const findLines = (of: Headers) =>
    gateway.requests().filter((line) => line.requestId === of.get("x-request-id"));
  await eventually(() => {
    expect([findLines(headers).length, findLines(refused.headers).length]).toEqual([1, 1]);
  });
  const [[answered], [forbidden]] = [findLines(headers), findLines(refused.headers)];
  expect(answered).toMatchObject({
    viewer: "operator",
    operation: "Fleet",
    hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    cost: expect.any(Number) as number,
    rows: 0,
    ms: expect.any(Number) as number,
    status: 200,
    decision: "answered",
  });
  expect(forbidden).toMatchObject({
    viewer: "reader",
    operation: "Add",
    status: 403,
    decision: "FORBIDDEN",
  });
  for (const secret of [...tokens.values(), new URL(database.url).password]) {
    if (secret !== "") expect(gateway.run.output()).not.toContain(secret);
  }
});

describe("the token file", () => {
  test("is read again at SIGHUP: a token that came counts, one that went or expired does not", async () => {
    const leaving = addLine("leaving", { roles: ["reader"] });
    const expired = addLine("expired", { roles: ["reader"], expiresAt: new Date(Date.now() - 1_000) });
    expect((await gateway.ask(leaving, "{ __typename }")).status).toBe(401);
    await reload();
    expect((await gateway.ask(leaving, "{ __typename }")).status).toBe(200);
    expect((await gateway.ask(expired, "{ __typename }")).status).toBe(401);

    const lines = readFileSync(tokensFile, "utf8").split("\n");
    writeFileSync(tokensFile, lines.filter((line) => !line.includes('"leaving"')).join("\n"));
    await reload();
    expect((await gateway.ask(leaving, "{ __typename }")).status).toBe(401);
    expect((await gateway.ask(tokens.get("reader")!, "{ __typename }")).status).toBe(200);
  });

  test("gets its lines from `vnic-graph token add`, whose token then counts", async () => {
    const words = ["token", "add", "--file", tokensFile, "--name", "dashboard", "--role", "reader"];
    const added = runVnicGraph([...words, "--expires", "90d"]);
    const printed: Buffer[] = [];
    added.child.stdout?.on("data", (chunk: Buffer) => printed.push(chunk));
    expect(await added.ended).toBe(0);
    // Standard output holds the token alone; what to do with it is told on standard error.
    const token = Buffer.concat(printed).toString().trim();
    expect(token).toMatch(/^vg_[\w-]{43}$/);
    expect(readFileSync(tokensFile, "utf8")).not.toContain(token);
    await reload();
    expect(await gateway.ask(token, "{ hosts { id } }")).toMatchObject({ status: 200, data: { hosts: [] } });
  });

  test("the token file that goes bad while the gateway runs changes nothing, and says so", async () => {
    const good = readFileSync(tokensFile, "utf8");
    writeFileSync(tokensFile, "{");
    gateway.run.child.kill("SIGHUP");
    await gateway.run.says(/tokens not reloaded, the old ones stay/);
    writeFileSync(tokensFile, good);
    expect((await gateway.ask(tokens.get("reader")!, "{ __typename }")).status).toBe(200);
  });
});

describe("other ways to be known", () => {
  test("an issuer's token opens what its claim says", async () => {
    const key = await newKey("first");
    const issuer = await startIssuer([key]);
    const served = await another({
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: "vnic-graph",
      OIDC_ROLES_CLAIM: "realm.roles",
    });
    const token = await issuer.sign(key, { realm: { roles: ["reader", "gardener"] } });
    expect((await served.ask(token, "{ hosts { id } }")).status).toBe(200);
    expect((await served.ask(token, FIELDS["Query._service"]!)).status).toBe(403);
    const foreign = await issuer.sign(key, { aud: "another", realm: { roles: ["reader"] } });
    expect((await served.ask(foreign, "{ hosts { id } }")).status).toBe(401);
    await eventually(() => {
      expect(served.requests().map(({ viewer }) => viewer)).toEqual(["alice", "alice", null]);
    });
  });

  test("a client certificate that our CA signed is who its name says; health needs none", async () => {
    const authority = await createAuthority("clients");
    const server = await authority.issueHost("localhost");
    const served = await another({
      HOST: "0.0.0.0",
      TLS_CERT_FILE: file("cert.pem", server.cert),
      TLS_KEY_FILE: file("key.pem", server.key),
      TLS_CLIENT_CA_FILE: file("ca.pem", authority.ca),
      TLS_CLIENT_ROLES: "router.example=router",
    });
    const { port } = new URL(served.url);
    const status = (client: Credentials | null, query: string) =>
      statusOverTls(
        `https://127.0.0.1:${port}/graphql?query=${encodeURIComponent(query)}`,
        server.ca,
        client,
      );
    const sdl = FIELDS["Query._service"]!;
    await eventually(async () => {
      expect(await statusOverTls(`https://127.0.0.1:${port}/readyz`, server.ca, null)).toBe(200);
    });
    expect(await status(await authority.issueClient("router.example"), sdl)).toBe(200);
    expect(await status(await authority.issueClient("router.example"), "{ hosts { id } }")).toBe(403);
    expect(await status(await authority.issueClient("someone.example"), sdl)).toBe(401);
    expect(await status(await (await createAuthority()).issueClient("router.example"), sdl)).toBe(401);
    expect(await status(null, sdl)).toBe(401);
  });
});

function addLine(name: string, about: { roles: Role[]; expiresAt?: Date }): string {
  const { token, line } = createToken({ name, expiresAt: null, ...about });
  appendFileSync(tokensFile, `${line}\n`);
  return token;
}

test.each([
  "/graphql?query=%7B__typename%7D",
  "/graphql?query=%7B",
  "/graphql/stream?query=subscription%7BvmAddressReady(vmId:%22no%20id%22)%7Baddress%7D%7D",
  "/metrics",
  "/ovirt-engine/api",
  "/ovirt-engine/api/vms?max=1",
  "/ovirt-engine/api/vms/nobody",
  "/ovirt-engine/api/nothing",
])("Vary names who asks, the form and the page's origin on %s, refused or not", async (path) => {
  const ask = (headers: Record<string, string>) => fetch(`${gateway.url}${path}`, { headers });
  const credentials = { authorization: `Bearer ${tokens.get("reader") ?? ""}` };
  for (const headers of [{}, credentials, { ...credentials, origin: "https://portal.example" }]) {
    const answer = await ask(headers);
    await answer.text();
    const named = (answer.headers.get("vary") ?? "").toLowerCase().split(/, */);
    expect([path, named]).toEqual([path, expect.arrayContaining(["authorization", "accept", "origin"])]);
  }
});

/** SIGHUP, and the line that says it was done. */
async function reload(): Promise<void> {
  const count = () => gateway.run.output().split("tokens reloaded").length;
  const before = count();
  gateway.run.child.kill("SIGHUP");
  await eventually(() => {
    expect(count()).toBe(before + 1);
  });
}

async function another(environment: Record<string, string>): Promise<RunningGateway> {
  const served = await startGatewayProcess({ DATABASE_URL: database.url, ...environment });
  onTestFinished(() => served.stop());
  return served;
}

function file(name: string, content: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

function statusOverTls(url: string, ca: string, client: Credentials | null): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const own = client === null ? {} : { cert: client.cert, key: client.key };
    request(url, { ca, ...own, agent: false, servername: "localhost" }, (response) => {
      response.resume();
      response.once("end", () => {
        resolve(response.statusCode);
      });
    })
      .on("error", reject)
      .end();
  });
}
