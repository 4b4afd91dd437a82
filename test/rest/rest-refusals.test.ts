import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLoaders } from "../../src/loaders/loaders.js";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import { createEngineDatabase, type EngineDatabase } from "../engine-store/engine-database.js";
import { ids, SMALL_ENGINE } from "../engine-store/small-engine.js";
import { startRest, type RestServer } from "./rest-server.js";

let engine: EngineDatabase;
let rest: RestServer;
let refusal: Error | null = null;

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(...SMALL_ENGINE);
  const store = createEngineStore(engine.dataSource);
  rest = await startRest(() => {
    if (refusal !== null) throw refusal;
    return createLoaders(store);
  });
});

afterEach(() => {
  refusal = null;
});

afterAll(async () => {
  await rest.stop();
  await engine.drop();
});

const unknownId = "99999999-0000-4000-8000-000000000000";

describe("a fault", () => {
  test.each([
    [`/vms/${unknownId}`, 404, "Operation Failed", `Entity not found: VM: id=${unknownId}`],
    [`/vms/${ids.template}`, 404, "Operation Failed", `Entity not found: VM: id=${ids.template}`],
    ["/vms/nonsense", 404, "Operation Failed", "Entity not found: VM: id=nonsense"],
    ["/vms/%00", 404, "Operation Failed", "Entity not found: VM: id="],
    ["/vms/a%0D%0Ab%1B%5B2J", 404, "Operation Failed", "Entity not found: VM: id=a b [2J"],
    [
      "/vms?search=no%0D%0Akey%3D1",
      400,
      "Bad Request",
      expect.stringMatching(/^[^\p{Cc}]+$/u) as unknown as string,
    ],
    [
      `/vms/${ids.busy}?follow=x%0D%0AX-Evil%3A%201`,
      400,
      "Bad Request",
      "follow: holds characters that nothing is called by",
    ],
    [`/vms/${unknownId}/nics`, 404, "Operation Failed", `Entity not found: VM: id=${unknownId}`],
    [`/vms/${ids.busy}/nics/${unknownId}`, 404, "Operation Failed", `Entity not found: NIC: id=${unknownId}`],
    [
      `/vms/${ids.busy}/nics/${ids.windowsNic}`,
      404,
      "Operation Failed",
      `Entity not found: NIC: id=${ids.windowsNic}`,
    ],
    [`/vms/${ids.busy}/nics/x`, 404, "Operation Failed", "Entity not found: NIC: id=x"],
    [
      `/vms/${ids.busy}/reporteddevices/${unknownId}`,
      404,
      "Operation Failed",
      `Entity not found: ReportedDevice: id=${unknownId}`,
    ],
    [`/vms/${unknownId}/reporteddevices`, 404, "Operation Failed", `Entity not found: VM: id=${unknownId}`],
    ["/disks", 404, "Operation Failed", "There is nothing here; /ovirt-engine/api tells what there is"],
    [
      `/vms/${ids.busy}?follow=disks`,
      400,
      "Bad Request",
      "follow: disks cannot be followed here; nics, reported_devices, host, cluster, template, original_template, tags, statistics, affinity_labels can",
    ],
    [
      `/vms/${ids.busy}/nics?follow=nics`,
      400,
      "Bad Request",
      "follow: nics cannot be followed here; reported_devices, network, statistics can",
    ],
    [
      `/vms/${ids.busy}/reporteddevices?follow=vm`,
      400,
      "Bad Request",
      "follow: vm cannot be followed here; nothing can",
    ],
    ["/vms?max=-2", 400, "Bad Request", "max: expected a whole number from 0"],
    ["/vms?max=00", 400, "Bad Request", "max: expected a whole number from 0"],
    ["/vms?max=1e9", 400, "Bad Request", "max: expected a whole number from 0"],
    ["/vms?max=2147483648", 400, "Bad Request", "max: the greatest number is 2147483647"],
    ["/vms?page=99999999999", 400, "Bad Request", "page: the greatest number is 2147483647"],
    ["/vms?max=1&max=2", 400, "Bad Request", "max: given more than once"],
    ["/vms?page=x", 400, "Bad Request", "page: expected a whole number from 1"],
    ["/vms?search=page%200", 400, "Bad Request", "page: expected a whole number from 1"],
    ["/vms?case_sensitive=perhaps", 400, "Bad Request", "case_sensitive: expected true or false"],
    [
      "/vms?search=tag%3Dx",
      400,
      "Bad Request",
      "search: the key tag is not known here; name, status, host, cluster, id, fqdn and ip are",
    ],
    [
      "/vms?search=sortby%20os",
      400,
      "Bad Request",
      "search: cannot sort by os; name, status, host, cluster, id, fqdn and ip can be",
    ],
    [
      "/vms?serach=name%3Dx",
      400,
      "Bad Request",
      "serach: no parameter of this path; search, case_sensitive, max, page, follow, all_content are",
    ],
    [
      `/vms/${ids.busy}/nics?search=name%3Dx`,
      400,
      "Bad Request",
      "search: no parameter of this path; max, follow are",
    ],
    [`/vms/${ids.busy}/nics?max=x`, 400, "Bad Request", "max: expected a whole number from 0"],
    ["/?follow=vms", 400, "Bad Request", "follow: no parameter of this path; none are"],
    [
      `/vms/${ids.busy}/tags?follow=vm`,
      400,
      "Bad Request",
      "follow: vm cannot be followed here; nothing can",
    ],
    ["/vms?filter=perhaps", 400, "Bad Request", "filter: expected true or false"],
    [`/hosts/${unknownId}`, 404, "Operation Failed", `Entity not found: Host: id=${unknownId}`],
    ["/clusters/nonsense", 404, "Operation Failed", "Entity not found: Cluster: id=nonsense"],
    [`/networks/${unknownId}`, 404, "Operation Failed", `Entity not found: Network: id=${unknownId}`],
    [`/vms/${unknownId}/tags`, 404, "Operation Failed", `Entity not found: VM: id=${unknownId}`],
    [
      "/clusters?search=status%3Dup",
      400,
      "Bad Request",
      "search: the key status is not known here; name and id are",
    ],
    [
      "/hosts?search=cluster%3Dwest",
      400,
      "Bad Request",
      "search: the key cluster is not known here; name, status, address and id are",
    ],
    ["/hosts?search=status%3Dmigrating", 400, "Bad Request", "search: status has no value migrating"],
    ["/hosts?search=sortby%20ip", 400, "Bad Request", "search: cannot sort by ip; name and id can be"],
    ["/hosts?search=sortby%20os", 400, "Bad Request", "search: cannot sort by os; name and id can be"],
    ["/clusters?search=sortby%20os", 400, "Bad Request", "search: cannot sort by os; name and id can be"],
    ["/vms?search=name%3D%00", 400, "Bad Request", "search: holds characters that nothing is called by"],
    ["/vms?search=status%3Dgone", 400, "Bad Request", "search: status has no value gone"],
    ["/vms?search=ip%3D300.1.1.1", 400, "Bad Request", "search: ip has no value 300.1.1.1"],
    ["/vms?all_content=perhaps", 400, "Bad Request", "All-Content: expected true or false"],
  ])("of %s is %i", async (path, status, reason, detail) => {
    const reply = await rest.ask(path);
    expect(JSON.parse(reply.text)).toEqual({ reason, detail });
    expect(reply.status).toBe(status);
  });

  test("is no answer to the greatest number, by which clients ask for all", async () => {
    const count = async (path: string) => {
      const { status, text } = await rest.ask(path);
      return { status, vms: (JSON.parse(text) as { vm: unknown[] }).vm.length };
    };
    const all = await count("/vms");
    expect(all).toMatchObject({ status: 200 });
    expect(await count("/vms?max=2147483647")).toEqual(all);
    expect(await count("/vms?max=2147483647&search=page%201")).toEqual(all);
    expect(await count("/vms?max=2147483647&page=2147483647")).toEqual({ status: 200, vms: 0 });
    expect((await rest.ask("/hosts?max=2147483647")).status).toBe(200);
  });

  test("is no answer to yes and no in the words that an engine takes", async () => {
    const count = async (query: string) =>
      (JSON.parse((await rest.ask(`/vms?search=name%3DBUSY&${query}`)).text) as { vm: unknown[] }).vm.length;
    for (const yes of ["1", "y", "Yes", "t", "TRUE", ""])
      expect(await count(`case_sensitive=${yes}`)).toBe(0);
    for (const no of ["0", "n", "No", "f", "FALSE"])
      expect(await count(`case_sensitive=${no}&filter=${no}`)).toBe(1);
    expect((await rest.ask(`/vms/${ids.busy}`, { "all-content": "1" })).text).toContain("guest_info");
  });

  test("is no answer to a search of several lines, as it comes from a YAML file", async () => {
    const search = encodeURIComponent("name=b*\n\tand status=up\r\nsortby name desc\n");
    expect(
      (JSON.parse((await rest.ask(`/vms?search=${search}`)).text) as { vm: { name: string }[] }).vm,
    ).toEqual(
      (
        JSON.parse((await rest.ask("/vms?search=name%3Db*+and+status%3Dup+sortby+name+desc")).text) as {
          vm: object;
        }
      ).vm,
    );
  });

  test("is the answer to another version of the API than 4", async () => {
    expect(await rest.ask("/vms?max=1", { version: "3" })).toMatchObject({ status: 400 });
    expect(await rest.ask("/vms?max=1", { version: "4" })).toMatchObject({ status: 200 });
    const { status, text } = await rest.ask(`/v4/vms/${ids.busy}`);
    expect({ status, id: (JSON.parse(text) as { id: string }).id }).toEqual({ status: 200, id: ids.busy });
  });

  test("is no answer to what oVirt's clients send without a need", async () => {
    const path = "/vms?max=1&filter=true&current=true&all_content=false&ovf_as_ova=false";
    expect(await rest.ask(path, { filter: "true", prefer: "persistent-auth" })).toMatchObject({
      status: 200,
    });
    expect(await rest.ask("/hosts?all_content=true&follow=cluster")).toMatchObject({ status: 200 });
  });

  test("is no answer to another order of hosts", async () => {
    const list = async (search: string) =>
      (
        JSON.parse((await rest.ask(`/hosts?search=${encodeURIComponent(search)}`)).text) as {
          host: { name: string }[];
        }
      ).host.map(({ name }) => name);
    const byName = await list("sortby name");
    expect(byName).toEqual([...byName].sort());
    expect(await list("Hosts: sortby name desc")).toEqual([...byName].reverse());
    // Their ids are in the order of alpha, lost, new.
    expect(await list("name!=lost sortby id desc page 1")).toEqual(["new", "alpha"]);
  });

  test("is no answer to a search for hosts by their state or address", async () => {
    const list = async (search: string) =>
      (
        JSON.parse((await rest.ask(`/hosts?search=${encodeURIComponent(search)}`)).text) as {
          host: { name: string }[];
        }
      ).host.map(({ name }) => name);
    expect(await list("status=up")).toEqual(["alpha"]);
    expect(await list("status=NonResponsive or status = non_responsive")).toEqual(["lost"]);
    expect(await list("status!=up")).toEqual(["lost", "new"]);
    expect(await list("status=maintenance")).toEqual([]);
    expect(await list("address=ALPHA.* and status=Up")).toEqual(["alpha"]);
    expect(await list("address=alpha*54321")).toEqual([]);
    expect(await list("DB8::1")).toEqual(["lost"]);
  });

  test("is no answer to a shorter list of interfaces", async () => {
    for (const [path, key] of [
      [`/vms/${ids.busy}/nics`, "nic"],
      [`/vms/${ids.busy}/reporteddevices`, "reported_device"],
    ] as const) {
      const list = async (query: string) =>
        (JSON.parse((await rest.ask(path + query)).text) as Record<string, unknown[]>)[key] ?? [];
      const all = await list("");
      expect(all.length).toBeGreaterThan(1);
      expect(await list("?max=0")).toEqual([]);
      expect(await list("?max=1")).toEqual(all.slice(0, 1));
      expect(await list("?max=-1")).toEqual(all);
    }
  });

  test.each(["name", "name=", "name==a", 'name="x', "name=a and", "or name=a", "Hosts: name=a"])(
    "tells what a search may be, instead of %s",
    async (search) => {
      const { status, text } = await rest.ask(`/vms?search=${encodeURIComponent(search)}`);
      expect(status).toBe(400);
      expect((JSON.parse(text) as { detail: string }).detail).toMatch(
        /^search: cannot be read: .*; write name=web\*/,
      );
    },
  );

  test("is what a search gets that is longer than any name", async () => {
    const { status, text } = await rest.ask(`/vms?search=name%3D${"*a".repeat(300)}`);
    expect([status, text]).toEqual([400, expect.stringContaining("search: longer than 500 characters")]);
  });

  test("is XML unless JSON is asked for, with oVirt's elements", async () => {
    const { text, type } = await rest.ask("/vms/nonsense", { accept: "*/*" });
    expect(type).toBe("application/xml; charset=utf-8");
    expect(text).toMatch(
      /<fault>\s*<reason>Operation Failed<\/reason>\s*<detail>Entity not found: VM: id=nonsense<\/detail>\s*<\/fault>/,
    );
  });

  test("is not what a list gets whose guests have very many interfaces: it comes in pieces", async () => {
    await engine.asEngine(
      `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name)
        SELECT '${ids.lost}', 'veth' || n FROM generate_series(1, 10001) n`,
    );
    const { status, text } = await rest.ask("/vms", { "all-content": "true" });
    expect(status).toBe(200);
    expect(text.match(/"veth\d+"/g)).toHaveLength(10_001);
    expect((await rest.ask(`/vms/${ids.lost}`, { "all-content": "true" })).status).toBe(200);
  });

  test("is 406 where neither form is wanted", async () => {
    const { status, type, text } = await rest.ask("/vms", { accept: "text/html" });
    expect([status, type]).toEqual([406, "application/xml; charset=utf-8"]);
    expect(text).toContain("<reason>Not Acceptable</reason>");
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("is 405 for %s", async (method) => {
    for (const path of ["", "/vms", `/vms/${ids.busy}`]) {
      const { status, headers, text } = await rest.ask(path, {}, method);
      expect(status).toBe(405);
      expect(headers.get("allow")).toBe("GET, HEAD");
      expect(JSON.parse(text)).toHaveProperty("reason", "Method Not Allowed");
    }
  });

  test.each(["PROPFIND", "SEARCH", "TRACE", "LOCK", "LINK"])(
    "is 405 for %s, which no route knows",
    async (method) => {
      for (const path of ["", "/", "/vms", `/v4/vms/${ids.busy}`, "/nothing/here"]) {
        const { statusCode, headers, body } = await rest.app.inject({
          method: method as "GET",
          url: `/ovirt-engine/api${path}`,
        });
        expect([path, statusCode, headers.allow]).toEqual([path, 405, "GET, HEAD"]);
        expect(body).toContain("<reason>Method Not Allowed</reason>");
      }
    },
  );

  test("is what a guard says, with its headers", async () => {
    refusal = Object.assign(new Error("A token is needed."), {
      status: 401,
      headers: { "www-authenticate": "Bearer" },
    });
    const { status, headers, text } = await rest.ask("/vms");
    expect([status, headers.get("www-authenticate")]).toEqual([401, 'Bearer, Basic realm="vnic-graph"']);
    expect(JSON.parse(text)).toEqual({ reason: "Unauthorized", detail: "A token is needed." });
    expect((await rest.ask("/openapi.json")).status).toBe(401);
  });

  test("is 503 while the database does not answer yet", async () => {
    refusal = Object.assign(new Error("ask again"), { extensions: { code: "NOT_AVAILABLE" } });
    expect((await rest.ask("/vms")).status).toBe(503);
  });

  test.each([
    [504, "Gateway Timeout", "DEADLINE_EXCEEDED", "The request took longer than 10000 ms and was stopped."],
    [499, "Client Closed Request", "CLIENT_GONE", "The client has gone."],
  ])("is %i where the server's own clock ended a request", async (status, reason, code, detail) => {
    refusal = Object.assign(new Error(detail), { extensions: { code, http: { status } } });
    const reply = await rest.ask("/vms");
    expect([reply.status, JSON.parse(reply.text)]).toEqual([status, { reason, detail }]);
    expect(rest.masked).toEqual([]);
  });

  test("hides what nobody foresaw, and tells its operator", async () => {
    refusal = new Error("password=secret");
    const { status, text } = await rest.ask("/vms");
    expect(status).toBe(500);
    expect(JSON.parse(text)).toEqual({
      reason: "Internal Server Error",
      detail: expect.stringMatching(/^Internal error \(request \S+\)$/) as string,
    });
    expect(rest.masked).toEqual([refusal]);
  });

  test("is short, whatever was asked for", async () => {
    const { text, status } = await rest.ask(`/vms/${"x".repeat(90)}?follow=${"y".repeat(5_000)}`);
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(800);
  });
});

describe("HEAD", () => {
  test.each(["", "/vms", `/vms/${ids.busy}`, "/vms/nonsense", "/openapi.json"])(
    "of %s is GET without a body",
    async (path) => {
      const get = await rest.ask(path);
      const head = await rest.ask(path, {}, "HEAD");
      expect(head.text).toBe("");
      expect([head.status, head.type]).toEqual([get.status, get.type]);
      expect(head.headers.get("content-length")).toBe(get.headers.get("content-length"));
    },
  );
});

test("a viewer's scope holds on every path", async () => {
  const store = createEngineStore(engine.dataSource);
  const scoped = await startRest(store.createReaderFor({ namePatterns: ["stop*"], hostIds: [], vmIds: [] }));
  const { vm } = JSON.parse((await scoped.ask("/vms")).text) as { vm: { id: string }[] };
  expect(vm.map(({ id }) => id)).toEqual([ids.stopped]);
  for (const path of [
    "",
    "/nics",
    `/nics/${ids.nic1}`,
    "/reporteddevices",
    `/nics/${ids.nic1}/reporteddevices`,
  ]) {
    expect((await scoped.ask(`/vms/${ids.busy}${path}`)).status).toBe(404);
  }
  expect((await scoped.ask("/vms?search=ip%3D192.0.2.10")).text).toBe('{"vm":[]}');
  await scoped.stop();
});
