import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkHost } from "../../src/server/admission/checks/host-header.js";
import { createClientReader } from "../../src/server/admission/client.js";
import { createIdentity } from "../../src/server/identity/identity.js";
import { served, type Served } from "./running.js";

/** Asks for a request whose headers, also Host, are as given. */
function ask(
  server: Served,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; text: string }> {
  return new Promise((resolve, reject) => {
    httpRequest(server.url + path, { method, headers, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode, headers: response.headers, text });
      });
    })
      .on("error", reject)
      .end();
  });
}

/** Asks for a target as it is. Returns the beginning of the answer, with the status. */
async function askRaw(server: Served, target: string, hosts: readonly string[]): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const lines = [`GET ${target} HTTP/1.1`, ...hosts.map((host) => `Host: ${host}`), "Connection: close"];
  // Node wants a Host in each request, also where it does not count.
  if (hosts.length === 0) lines.push("Host: localhost");
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  let answer = "";
  for await (const piece of socket) answer += String(piece);
  return answer.slice(0, 12);
}

describe("an empty operationName", () => {
  test("counts as absent, in the query string and in the body", async () => {
    const server = await served();
    const got = await ask(server, "/graphql?query=%7B__typename%7D&operationName=&variables=&extensions=");
    expect([got.status, got.text]).toEqual([200, '{"data":{"__typename":"Query"}}\n']);
    const posted = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }", operationName: "" }),
    });
    expect(await posted.json()).toEqual({ data: { __typename: "Query" } });
  });

  test("a name that no operation has is still refused", async () => {
    const server = await served();
    expect((await ask(server, "/graphql?query=%7B__typename%7D&operationName=x")).status).toBe(400);
  });
});

describe("a trailing slash", () => {
  test.each(["/healthz/", "/readyz/", "/graphql/?query=%7B__typename%7D"])("%s is answered", async (path) => {
    const server = await served();
    expect((await ask(server, path)).status).toBe(200);
  });
});

describe("a target in another form", () => {
  test.each([
    "//healthz",
    "/healthz//",
    "///healthz//?x=//",
    "/vnic//healthz",
    "//vnic/healthz",
    "http://localhost/vnic/healthz",
    "http://localhost//vnic//healthz/",
  ])("%s is the same path", async (target) => {
    const server = await served({ basePath: "/vnic" });
    expect(await askRaw(server, target, ["localhost"])).toBe("HTTP/1.1 200");
  });

  test.each(["http://localhost", "http://localhost?a=b"])("%s is the page at the root", async (target) => {
    const server = await served();
    expect(await askRaw(server, target, ["localhost"])).toMatch(/^HTTP\/1\.1 (200|302)/);
  });
});

describe("matrix parameters", () => {
  const API = "/ovirt-engine/api";

  test.each([
    ["/a;max=1", "a", { max: "1" }],
    ["/a;max=1;page=2?follow=nics", "a", { follow: "nics", max: "1", page: "2" }],
    [";max=1/a;next_run/", "a", { max: "1", next_run: "" }],
    ["/a%3Bb;;x=%3B", "a;b", { x: ";" }],
    ["/;x/a", "a", { x: "" }],
    ["/a/;max=10/", "a", { max: "10" }],
    ["//;x//;y/a//;z", "a", { x: "", y: "", z: "" }],
    ["/a;search=name=x&y+z%20&?q=1+2", "a", { q: "1 2", search: "name=x&y+z &" }],
  ])("count as those of the query in the engine's API: %s", async (target, name, query) => {
    const server = await served({
      basePath: "/vnic",
      routes: (scope) => {
        scope.get(`${API}/:name`, (request) => [request.params, request.query]);
      },
    });
    for (const base of ["", "/vnic"]) {
      const { status, text } = await ask(server, base + API + target);
      expect([status, JSON.parse(text)]).toEqual([200, [{ name }, query]]);
    }
  });

  test.each([
    "/graphiql;x",
    "/;x/graphiql",
    "/metrics;x",
    "/healthz;x",
    "/graphql;x?query={__typename}",
    "/ovirt-engine;x/api/a",
    "/;x/ovirt-engine/api/a",
  ])("are part of a name elsewhere, so that a proxy's rule for a path holds: %s", async (target) => {
    const server = await served({
      graphiql: true,
      metrics: () => Promise.resolve("up 1\n"),
      routes: (scope) => {
        scope.get(`${API}/:name`, () => "here");
      },
    });
    expect((await ask(server, target)).status).toBe(404);
  });
});

describe("a target that cannot be decoded, or is very long", () => {
  const ODD = ["%", "%ff", "%zz", "%C0%80", "%ED%A0%80", "a%2", "%E0%A4%A", "x".repeat(5_000)];

  test.each(ODD)("%s is a name that a route gets literally", async (name) => {
    const server = await served({
      routes: (scope) => {
        scope.get("/things/:name", ({ params }) => params);
      },
    });
    const { status, text, headers } = await ask(server, `/things/${name}?${name}`);
    expect([status, JSON.parse(text)]).toEqual([200, { name }]);
    expect(headers).toHaveProperty("x-content-type-options");
  });

  test.each(ODD)("%s where no route is passes the gate, as any other", async (name) => {
    const server = await served({ basePath: "/vnic" });
    for (const path of [`/${name}`, `/vnic/${name}/`]) {
      const { status, headers, text } = await ask(server, path);
      expect([path, status]).toEqual([path, 404]);
      expect(text).toContain("NOT_FOUND");
      expect(headers).toHaveProperty("x-request-id");
    }
    expect((await ask(server, `/${name}`, { headers: { host: "evil.example" } })).status).toBe(421);
  });
});

describe("BASE_PATH", () => {
  test("is accepted in front of every path, and need not be there", async () => {
    const server = await served({ basePath: "/vnic", graphiql: true });
    for (const path of [
      "/healthz",
      "/vnic/healthz",
      "/vnic/readyz",
      "/vnic/graphql?query=%7B__typename%7D",
      "/vnic/",
      "/vnic/graphiql",
    ]) {
      expect([path, (await ask(server, path)).status]).toEqual([path, 200]);
    }
    expect((await ask(server, "/vnicx/healthz")).status).toBe(404);
  });

  test.each([
    ["/vnic", "/vnic/"],
    ["/vnic?view=hosts&x=a?b", "/vnic/?view=hosts&x=a?b"],
    ["/vnic/graphiql/?query=%7B__typename%7D", "/vnic/graphiql?query=%7B__typename%7D"],
  ])("a page has one address, below which its files are: %s leads to %s", async (path, place) => {
    const server = await served({ basePath: "/vnic", graphiql: true });
    for (const method of ["GET", "HEAD"]) {
      const { status, headers } = await ask(server, path, { method });
      expect([status, headers.location]).toEqual([302, place]);
    }
  });
});

describe("X-Forwarded headers", () => {
  const FORWARDED = {
    host: "127.0.0.1",
    "x-forwarded-host": "graph.example.org",
    "x-forwarded-proto": "https",
    "x-forwarded-prefix": "/vnic/",
    "x-forwarded-for": "198.51.100.7, 203.0.113.9, 127.0.0.1",
  };

  test("are not read unless TRUST_PROXY lists the address that they come from", async () => {
    for (const trustedProxies of [[], ["192.0.2.0/24"]]) {
      const server = await served({ graphiql: true, trustedProxies });
      const answer = await ask(server, "/graphiql/", { headers: FORWARDED });
      expect([answer.status, answer.headers.location]).toEqual([302, "/graphiql"]);
      expect(answer.headers["strict-transport-security"]).toBeUndefined();
      expect(server.lines.at(-1)).toMatchObject({ msg: "request", address: "127.0.0.1" });
    }
  });

  test("of a trusted proxy say the client's address, its name for us, its TLS and the prefix", async () => {
    const server = await served({
      graphiql: true,
      trustedProxies: ["127.0.0.0/8"],
      allowedHosts: ["graph.example.org"],
    });
    const answer = await ask(server, "/graphiql/", { headers: FORWARDED });
    expect([answer.status, answer.headers.location]).toEqual([302, "/vnic/graphiql"]);
    expect(answer.headers["strict-transport-security"]).toBeDefined();
    expect(server.lines.at(-1)).toMatchObject({ msg: "request", address: "203.0.113.9" });
    const strange = await ask(server, "/graphiql", {
      headers: { ...FORWARDED, "x-forwarded-host": "evil.example" },
    });
    expect([strange.status, strange.text]).toEqual([421, expect.stringContaining("ALLOWED_HOSTS")]);
  });

  test.each([
    ["198.51.100.7:4321, 127.0.0.1:5678", "198.51.100.7"],
    ["[2001:db8::7]:4321, [::ffff:127.0.0.1]:80", "2001:db8::7"],
    ["2001:db8::7,127.0.0.1", "2001:db8::7"],
    ["unknown", "unknown"],
    [", ,", "127.0.0.1"],
  ])("say the client's address without the ports that some proxies add: %s", async (forwarded, address) => {
    const server = await served({ trustedProxies: ["127.0.0.0/8"] });
    await ask(server, "/nothing", { headers: { host: "127.0.0.1", "x-forwarded-for": forwarded } });
    expect(server.lines.at(-1)).toMatchObject({ msg: "request", address });
  });

  test("let a page of the proxy's own origin ask, and no other", async () => {
    const server = await served({ trustedProxies: ["127.0.0.1"], allowedHosts: ["graph.example.org"] });
    const askAs = async (origin: string) =>
      (await ask(server, "/graphql?query=%7B__typename%7D", { headers: { ...FORWARDED, origin } })).status;
    expect(await askAs("https://graph.example.org")).toBe(200);
    expect(await askAs("https://evil.example")).toBe(403);
  });

  test("let that page ask also where the proxy adds the usual port, or an empty one, to the name", async () => {
    const server = await served({ trustedProxies: ["127.0.0.1"], allowedHosts: ["graph.example.org"] });
    const askAs = async (origin: string, host: string) =>
      (
        await ask(server, "/graphql?query=%7B__typename%7D", {
          headers: { ...FORWARDED, "x-forwarded-host": host, origin },
        })
      ).status;
    for (const host of ["graph.example.org:443", "Graph.example.org:"])
      expect([host, await askAs("https://graph.example.org", host)]).toEqual([host, 200]);
    expect(await askAs("http://graph.example.org", "graph.example.org:80")).toBe(200);
    expect(await askAs("https://graph.example.org", "graph.example.org:80")).toBe(403);
    expect(await askAs("https://graph.example.org", "graph.example.org:8443")).toBe(403);
    expect(await askAs("https://evil.example", "graph.example.org:443")).toBe(403);
  });

  test.each([
    "//evil.example",
    "https://evil.example",
    "/a b",
    "/a/../..//x",
    "/a/../b",
    "/..",
    "/./a",
    "\\\\evil",
  ])("a prefix that is no plain path is not believed: %s", (prefix) => {
    const read = createClientReader({ trustedProxies: ["10.0.0.1"], basePath: "/own", secure: false });
    const client = read({
      headers: { "x-forwarded-prefix": prefix },
      rawHeaders: ["X-Forwarded-Prefix", prefix],
      socket: { remoteAddress: "::ffff:10.0.0.1" },
    } as unknown as IncomingMessage);
    expect(client.basePath).toBe("/own");
  });
});

describe("CORS", () => {
  const origin = "https://studio.apollographql.com";
  const preflight = (server: Served, headers: string) =>
    ask(server, "/graphql", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": headers },
    });

  test("lets the listed headers through, beside those that every client needs", async () => {
    const server = await served({
      cors: [origin],
      corsHeaders: ["traceparent", "apollographql-client-name"],
    });
    const answer = await preflight(server, "content-type,apollographql-client-name,traceparent");
    expect(answer.headers["access-control-allow-headers"]).toBe(
      "content-type, authorization, apollo-require-preflight, traceparent, apollographql-client-name",
    );
    expect(answer.headers["access-control-allow-origin"]).toBe(origin);
  });

  test.each(["/", "/healthz", "/readyz", "/metrics", "/nothing"])(
    "answers a page that asks whether it may read %s",
    async (path) => {
      const server = await served({ cors: [origin] });
      const headers = { origin, "access-control-request-method": "GET" };
      const answer = await ask(server, path, { method: "OPTIONS", headers });
      expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([204, origin]);
    },
  );

  test.each(["/graphql", "/healthz", "/nothing"])(
    "changes nothing for OPTIONS of %s that asks for no page",
    async (path) => {
      const [withCors, without] = [await served({ cors: [origin] }), await served()];
      const [mine, theirs] = [
        await ask(withCors, path, { method: "OPTIONS" }),
        await ask(without, path, { method: "OPTIONS" }),
      ];
      expect([mine.status, mine.headers.allow, mine.text]).toEqual([
        theirs.status,
        theirs.headers.allow,
        theirs.text,
      ]);
      expect(mine.text).toContain(path === "/nothing" ? "NOT_FOUND" : "METHOD_NOT_ALLOWED");
    },
  );

  test("shows refusals to the pages, too", async () => {
    const server = await served({ cors: [origin], identity: createIdentity([]) });
    const answer = await ask(server, "/graphql?query=%7B__typename%7D", { headers: { origin } });
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([401, origin]);
    expect(answer.headers["access-control-expose-headers"]).toBe("retry-after, x-request-id, etag, link");
  });
});

describe("The name by which a client calls us", () => {
  const GRAPHQL = "/graphql?query=%7B__typename%7D";

  test.each([
    ["Host", GRAPHQL, ["localhost"], 200],
    ["the target where it has one, whatever Host says", `http://evil.example${GRAPHQL}`, ["localhost"], 421],
    ["the target where it is ours", `http://localhost${GRAPHQL}`, ["evil.example"], 200],
    [
      "the target, of which a name before an @ is no part",
      `http://localhost@evil.example${GRAPHQL}`,
      [],
      421,
    ],
    ["nothing where Host is given twice", GRAPHQL, ["localhost", "evil.example"], 421],
  ])("is %s", async (_title, target, hosts, status) => {
    expect(await askRaw(await served(), target, hosts)).toBe(`HTTP/1.1 ${status}`);
  });
});

describe("ALLOWED_HOSTS", () => {
  const isAllowed = (host: string, list: readonly string[]): boolean => {
    try {
      checkHost(host, list);
      return true;
    } catch {
      return false;
    }
  };

  test.each([
    ["graph.apps.example.org", true],
    ["GRAPH.apps.example.org:8443", true],
    ["graph.apps.example.org.", true],
    ["graph.apps.example.org.:8443", true],
    ["graph.apps.example.org..", false],
    ["apps.example.org", false],
    ["a.b.apps.example.org", false],
    ["xapps.example.org", false],
    [".apps.example.org", false],
    ["graph.apps.example.org.evil.example", false],
  ])("a wildcard stands for exactly one label: %s", (host, allowed) => {
    expect(isAllowed(host, ["*.apps.example.org"])).toBe(allowed);
  });
});

describe("a WebSocket whose Upgrade a proxy took off", () => {
  // What a browser sends with it: never Authorization.
  const lost = (host: string) => ({
    ...{ host, origin: `http://${host}`, "sec-websocket-version": "13" },
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  });

  test.each([
    ["of an open server", {}, "localhost"],
    ["of a server that asks for an identity", { identity: createIdentity([]) }, "localhost"],
    [
      "over plain http to a name of ours",
      { identity: createIdentity([]), allowedHosts: ["graph.example.org"] },
      "graph.example.org",
    ],
  ])("is refused with what the proxy must do: %s", async (_title, options, host) => {
    const { status, text } = await ask(await served(options), "/graphql", { headers: lost(host) });
    expect([status, text]).toEqual([400, expect.stringMatching(/PROTOCOL_NOT_SUPPORTED/)]);
    expect(text).toContain("A proxy in front took the headers Upgrade and Connection off");
  });

  test("is told nothing by a name that is not ours", async () => {
    expect((await ask(await served(), "/graphql", { headers: lost("evil.example") })).status).toBe(421);
  });
});

test("a name that is complete by a dot at its end, or that has an empty port, is the same name", async () => {
  const server = await served({ allowedHosts: ["graph.example.org"] });
  for (const [host, status] of [
    ["graph.example.org.", 200],
    ["localhost.:80", 200],
    ["graph.example.org:", 200],
    ["evil.example.", 421],
    ["evil.example:", 421],
    [".", 421],
  ] as const) {
    expect([host, (await ask(server, "/", { headers: { host } })).status]).toEqual([host, status]);
  }
});

describe("Vary", () => {
  test("names what an answer depends on: who asks, the form, the page's origin", async () => {
    const server = await served({
      cors: ["https://portal.example"],
      metrics: () => Promise.resolve("up 1\n"),
    });
    for (const path of [
      "/graphql?query=%7B__typename%7D",
      "/graphql?query=%7Bnothing%7D",
      "/graphql/stream?query=%7Bnothing%7D",
      "/metrics",
    ]) {
      const { headers } = await ask(server, path);
      expect([path, headers.vary]).toEqual([path, expect.stringMatching(/Authorization, Accept.*Origin/)]);
    }
  });

  test("is on refusals, and on compressed answers", async () => {
    const server = await served({ identity: createIdentity([]) });
    expect((await ask(server, "/graphql?query=%7B__typename%7D")).headers.vary).toMatch(/Authorization/);
    const open = await served();
    const { headers } = await ask(open, "/graphql?query=%7Bvms(first:200)%7Bnodes%7Bid%20name%7D%7D%7D", {
      headers: { "accept-encoding": "gzip" },
    });
    expect([headers["content-encoding"], headers.vary]).toEqual([
      "gzip",
      expect.stringMatching(/Authorization, Accept.*accept-encoding/i),
    ]);
  });
});
