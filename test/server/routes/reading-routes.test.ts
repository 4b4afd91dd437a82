import { expect, test } from "vitest";
import { HttpError } from "../../../src/server/errors.js";
import { createIdentity, type KnownViewer } from "../../../src/server/identity/identity.js";
import type { ServerOptions } from "../../../src/server/options.js";
import { served } from "../running.js";
import { eventually } from "../../support/eventually.js";

const NAMES: Record<string, readonly ("reader" | "metrics" | "operator")[]> = {
  "Bearer team": ["reader"],
  "Bearer probe": ["metrics"],
  "Bearer boss": ["operator"],
};

const byName = createIdentity([
  {
    identify: ({ authorization }) => {
      const roles = NAMES[authorization ?? ""];
      const scope = { namePatterns: ["web-*"], hostIds: [], vmIds: [] };
      return Promise.resolve(
        roles === undefined ? null : { name: authorization!, roles: new Set(roles), scope },
      );
    },
  },
]);

const whoRoute: ServerOptions["routes"] = (scope, admitted) => {
  scope.get("/who", (request) => {
    const { viewer } = admitted(request);
    return { name: viewer.name, scope: viewer.scope };
  });
};

test("routes know whom the guards let in, with their scope", async () => {
  const server = await served({ identity: byName, routes: whoRoute });
  const who = (authorization: string) => fetch(`${server.url}/who`, { headers: { authorization } });
  const team = await who("Bearer team");
  expect(await team.json()).toEqual({
    name: "Bearer team",
    scope: { namePatterns: ["web-*"], hostIds: [], vmIds: [] },
  });
  expect((await who("Bearer boss")).status).toBe(200);
  expect((await who("Bearer probe")).status).toBe(403);
  expect((await who("Bearer nobody")).status).toBe(401);
  expect((await fetch(`${server.url}/who`)).status).toBe(401);
});

test("a route that goes on asks again whether its viewer still may", async () => {
  let now: () => Promise<KnownViewer> = () =>
    byName.identify({ authorization: "Bearer team", certificate: null });
  const again: ServerOptions["routes"] = (scope, admitted) => {
    scope.get("/again", async (request) => {
      const { checkAgain } = admitted(request);
      await checkAgain();
      now = next;
      await checkAgain();
      return "still";
    });
  };
  let next = now;
  const team = now;
  const server = await served({ identity: { required: true, identify: () => now() }, routes: again });
  const ask = async (after: typeof now) => {
    [now, next] = [team, after];
    return (await fetch(`${server.url}/again`)).status;
  };
  expect(await ask(team)).toBe(200);
  expect(await ask(() => Promise.reject(new HttpError(401, "UNAUTHENTICATED", "withdrawn")))).toBe(401);
  expect(await ask(() => byName.identify({ authorization: "Bearer boss", certificate: null }))).toBe(401);
  // Where nobody can say who it is at the moment, it stays as it was.
  expect(await ask(() => Promise.reject(new HttpError(503, "NOT_AVAILABLE", "no answer")))).toBe(200);
});

test("routes are closed to other sites' pages and to foreign names", async () => {
  const server = await served({ routes: whoRoute });
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${server.url}/who`, { headers })).status;
  expect(await status({})).toBe(200);
  expect(await status({ "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await status({ origin: "https://evil.example" })).toBe(403);
});

test("who is refused leaves a line with the code and the address, as on the graph", async () => {
  const server = await served({ identity: byName, routes: whoRoute });
  for (const headers of [{}, { authorization: "Bearer probe" }, { "sec-fetch-site": "cross-site" }]) {
    await fetch(`${server.url}/who`, { headers });
  }
  await eventually(() => {
    expect(server.lines.filter(({ msg }) => msg === "request")).toMatchObject([
      { viewer: null, address: "127.0.0.1", path: "/who", status: 401, decision: "UNAUTHENTICATED" },
      { viewer: "Bearer probe", address: "127.0.0.1", path: "/who", status: 403, decision: "FORBIDDEN" },
      { viewer: null, address: "127.0.0.1", path: "/who", status: 403, decision: "CROSS_SITE_REQUEST" },
    ]);
  });
});

test("each request leaves one line, without its query string", async () => {
  const server = await served({ routes: whoRoute });
  await fetch(`${server.url}/who?secret=1`);
  await eventually(() => {
    expect(server.lines.filter(({ msg }) => msg === "request")).toMatchObject([
      {
        viewer: "anybody",
        address: "127.0.0.1",
        method: "GET",
        path: "/who",
        status: 200,
        decision: "answered",
      },
    ]);
  });
});

test("routes share the graph's places, and time out with it", async () => {
  let waiting = 0;
  const server = await served({
    limits: { running: 1, waiting: 0, deadlineMs: 300 },
    routes: (scope, admitted) => {
      scope.get("/slow", async (request) => {
        waiting += 1;
        const { signal } = admitted(request).request;
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve);
        });
        return { aborted: true };
      });
    },
  });
  const first = fetch(`${server.url}/slow`);
  await eventually(() => {
    expect(waiting).toBe(1);
  });
  const second = await fetch(`${server.url}/slow`);
  expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  const late = await first;
  expect(late.status).toBe(504);
  expect(await late.json()).toMatchObject({ errors: [{ extensions: { code: "DEADLINE_EXCEEDED" } }] });
});
