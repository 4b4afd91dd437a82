import { expect, test } from "vitest";
import { LONG_LIST_RULE } from "../../../src/server/admission/rules.js";
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
    limits: { running: 1, waiting: 0, deadlineMs: 2_000 },
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

/** Serves lists whose pieces end when they are let go; says what of them has begun. */
async function servedLists(limits: ServerOptions["limits"]) {
  const begun: string[] = [];
  const finish: (() => void)[] = [];
  const server = await served({
    ...(limits && { limits }),
    routes: (scope, admitted) => {
      const config = { rule: LONG_LIST_RULE };
      scope.get("/short", { config }, (request) => admitted(request).work(() => Promise.resolve("short")));
      scope.get("/list/:name", { config }, async (request) => {
        const { name } = request.params as { name: string };
        for (const piece of [1, 2]) {
          await admitted(request).work(() => {
            begun.push(`${name} ${piece}`);
            return new Promise<void>((resolve) => finish.push(resolve));
          }, true);
        }
        return name;
      });
    },
  });
  const ask = (name: string) => fetch(`${server.url}/list/${name}`);
  return { server, begun, finish, ask };
}

test("two pieces of long lists are read at once, whatever number of clients asks, and short ones wait for none of them", async () => {
  const { server, begun, finish, ask } = await servedLists({});
  const asked = Array.from({ length: 50 }, (_, index) => ask(String(index)));
  await eventually(() => {
    expect(begun).toHaveLength(2);
  });
  expect(await (await fetch(`${server.url}/short`)).text()).toBe("short");
  expect(begun).toHaveLength(2);
  for (let piece = 0; piece < 100; piece += 1) {
    await eventually(() => {
      expect(finish.length).toBeGreaterThan(piece);
    });
    expect(begun.length - piece).toBeLessThanOrEqual(2);
    finish[piece]?.();
  }
  for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
});

test("a long list that cannot begin in half of the deadline is refused; one that has begun waits for as long as it must", async () => {
  const { begun, finish, ask } = await servedLists({ deadlineMs: 4_000 });
  const began = ask("began");
  await eventually(() => {
    expect(begun).toEqual(["began 1"]);
  });
  const others = [ask("a"), ask("b")];
  await eventually(() => {
    expect(begun).toEqual(["began 1", "a 1"]);
  });
  // Its second piece waits behind b, while both places are taken again and again.
  finish[0]?.();
  for (let piece = 2; piece <= 5; piece += 1) {
    await eventually(() => {
      expect(finish.length).toBeGreaterThanOrEqual(piece);
    });
    if (piece === 2) {
      const refused = await ask("refused");
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    }
    finish[piece - 1]?.();
  }
  await eventually(() => {
    finish.forEach((end) => {
      end();
    });
    expect(begun).toHaveLength(6);
  });
  finish.forEach((end) => {
    end();
  });
  expect((await began).status).toBe(200);
  await Promise.all(others);
});
