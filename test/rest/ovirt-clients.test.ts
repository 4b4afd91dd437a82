import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { XMLParser } from "fast-xml-parser";
import { createToken } from "../../src/server/identity/token-lines.js";
import { createEngineDatabase, type EngineDatabase } from "../engine-store/engine-database.js";
import { ids, SMALL_ENGINE } from "../engine-store/small-engine.js";
import { eventually } from "../support/eventually.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";

/** Headers and requests as oVirt's Python SDK 4.6.3, and Ansible's collection through it, make them. */
const SDK_HEADERS = {
  "user-agent": "PythonSDK/4.6.3",
  version: "4",
  "content-type": "application/xml",
  accept: "application/xml",
};

/** Where a proxy serves the gateway. It passes on the login below the root, too, since clients log in there. */
const PREFIX = "/vnic";

const folder = temporaryFolder();
let engine: EngineDatabase;
let gateway: RunningGateway;
let token: string;

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(...SMALL_ENGINE);
  const created = createToken({ name: "sdk", roles: ["reader"], expiresAt: null });
  ({ token } = created);
  const tokensFile = join(folder.path, "tokens");
  appendFileSync(tokensFile, `${created.line}\n`);
  gateway = await startGatewayProcess({
    SOURCE: "engine",
    DATABASE_URL: engine.url,
    AUTH_TOKENS_FILE: tokensFile,
    BASE_PATH: PREFIX,
  });
});

afterAll(async () => {
  await gateway.stop();
  await engine.drop();
  folder.remove();
});

async function login(password: string, prefix = ""): Promise<Record<string, string>> {
  const response = await fetch(`${gateway.url}${prefix}/ovirt-engine/sso/oauth/token`, {
    method: "POST",
    headers: { "user-agent": "PythonSDK/4.6.3", accept: "application/json" },
    body: new URLSearchParams({
      grant_type: "password",
      scope: "ovirt-app-api",
      username: "a@internal",
      password,
    }),
  });
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  return (await response.json()) as Record<string, string>;
}

interface Xml {
  readonly [name: string]: Xml & string & readonly Xml[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  isArray: (_, path) =>
    /\.(vm|nic|reported_device|ip|link)$/.test(String(path)) &&
    !/\.(nic|reported_device)\.vm$/.test(String(path)),
});

async function get(path: string, authorization: string): Promise<{ status: number; xml: Xml }> {
  const response = await fetch(gateway.url + path, { headers: { ...SDK_HEADERS, authorization } });
  expect(response.headers.get("content-type")).toMatch(/^application\/xml/);
  return { status: response.status, xml: parser.parse(await response.text()) as Xml };
}

describe("oVirt's Python SDK", () => {
  test("logs in with a bearer token as the password, and reads with what it got", async () => {
    const { access_token = "" } = await login(token);
    // Ansible hides the password wherever it finds it in what a module returns, and so would hide the token.
    expect(access_token).not.toContain(token);
    const { status, xml } = await get("/ovirt-engine/api", `Bearer ${access_token}`);
    expect(status).toBe(200);
    expect(xml["api"]?.["product_info"]?.["version"]?.["major"]).toBe(4);
  });

  test("logs in below the root of the server, as it does whatever the URL of the API, and below the prefix if told to", async () => {
    const { access_token: atRoot = "" } = await login(token);
    const { access_token: below = "" } = await login(token, PREFIX);
    for (const granted of [atRoot, below])
      expect((await get(`${PREFIX}/ovirt-engine/api/vms?max=1`, `Bearer ${granted}`)).status).toBe(200);
  });

  test("is told in OAuth's form that a password is wrong, also when a token has ended", async () => {
    expect(await login("wrong")).toMatchObject({ error: "access_denied", error_code: "access_denied" });
    expect((await get("/ovirt-engine/api/vms", "Bearer ended")).status).toBe(401);
  });

  test("leaves a line that an alert on refused credentials sees when a password is wrong", async () => {
    const listRefused = () =>
      gateway
        .requests()
        .filter(({ path, status }) => path === "/ovirt-engine/sso/oauth/token" && status === 400);
    await login("wrong");
    await eventually(() => {
      expect(listRefused().at(-1)).toMatchObject({ viewer: null, decision: "UNAUTHENTICATED" });
    });
  });

  test("logs out without ending the token for others", async () => {
    const response = await fetch(`${gateway.url}/ovirt-engine/services/sso-logout`, {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams({ scope: "ovirt-app-api", token: "x" }),
    });
    expect([response.status, await response.json()]).toEqual([200, {}]);
    expect((await get("/ovirt-engine/api", `Bearer ${token}`)).status).toBe(200);
  });
});

test("HTTP Basic with the token as the password is let in, another password is not", async () => {
  const basic = (password: string) => `Basic ${Buffer.from(`admin@internal:${password}`).toString("base64")}`;
  expect((await get("/ovirt-engine/api/vms/", basic(token))).status).toBe(200);
  expect((await get("/ovirt-engine/api/vms/", basic("admin"))).status).toBe(401);
  const graph = await fetch(`${gateway.url}/graphql?query={__typename}`, {
    headers: { authorization: basic(token), "content-type": "application/json" },
  });
  expect(graph.status).toBe(401);
});

test("HTTP Basic is asked for where it counts, since wget, Java and .NET send no password unasked", async () => {
  const ask = async (path: string) =>
    (await fetch(gateway.url + path)).headers.get("www-authenticate")?.split(", ");
  for (const path of ["/ovirt-engine/api", "/ovirt-engine/api/openapi.json", "/ovirt-engine/api/vms"])
    expect(await ask(path)).toEqual(['Bearer realm="vnic-graph"', 'Basic realm="vnic-graph"']);
  // A browser would show its own window in front of our pages, which ask the graph.
  expect(await ask("/graphql?query={__typename}")).toEqual(['Bearer realm="vnic-graph"']);
});

test.each(["/ovirt-engine/api/vms", "/ovirt-engine/sso/oauth/token"])(
  "a message that is not spoken here is refused as such at %s, and ends the connection",
  async (path) => {
    const ask = async (rest: string) => {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      socket.write(`GET ${path} ${rest}\r\n`);
      return text(socket);
    };
    const host = "Host: localhost\r\n";
    expect(await ask(`HTTP/2.0\r\n${host}`)).toMatch(/^HTTP\/1\.1 505 /);
    expect(await ask(`HTTP/1.1\r\n${host}Expect: x\r\n`)).toMatch(/^HTTP\/1\.1 417 /);
    expect(await ask("HTTP/1.1\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    const coded = await ask(`HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n`);
    expect(coded).toMatch(/^HTTP\/1\.1 501 /);
    expect(coded).toContain("Of transfer encodings, only chunked is understood.");
  },
);

test("Ansible's inventory plugin finds all that it reads of each VM", async () => {
  const authorization = `Bearer ${(await login(token))["access_token"]}`;
  const { xml } = await get(
    "/ovirt-engine/api/vms?case_sensitive=false&max=5&search=name%3Db%2A",
    authorization,
  );
  const vms = xml["vms"]?.["vm"] ?? [];
  expect(vms.map((vm) => vm["name"])).toEqual(["bare", "blank", "busy"]);
  for (const vm of vms) {
    expect(Date.parse(vm["creation_time"] ?? "")).not.toBeNaN();
    expect(vm["os"]?.["type"]).toBeTypeOf("string");
    const below = `/ovirt-engine/api/vms/${vm["id"]}`;
    for (const list of ["reporteddevices", "tags", "statistics", "affinitylabels"]) {
      expect((await get(`${below}/${list}`, authorization)).status).toBe(200);
    }
    const groups = await get(
      `/ovirt-engine/api/clusters/${vm["cluster"]?.["id"]}/affinitygroups`,
      authorization,
    );
    expect(groups.status).toBe(200);
    for (const name of ["cluster", "template", ...(vm["host"] === undefined ? [] : ["host"])]) {
      const linked = await get(vm[name]?.["href"] ?? "", authorization);
      expect(linked.xml[name]?.["name"]).toBeTypeOf("string");
    }
  }
  expect(vms[2]).toMatchObject({ os: { type: "rhel_9x64" }, cluster: { id: ids.cluster } });
});

test.each([
  [
    "ovirt_vm_info",
    "/vms?all_content=false&case_sensitive=true&follow=&search=name%3Db%2A+and+cluster%3Dwest",
    1,
  ],
  [
    "ovirt_vm_info with follow",
    "/vms?all_content=false&case_sensitive=true&follow=original_template.permissions%2Coriginal_template.nics.vnic_profile&search=name%3Dbusy",
    1,
  ],
  ["ovirt_nic_info's search for its VM", "/vms?search=name%3D%22busy%22", 1],
  ["ovirt_vm_info of the next run", `/vms/${ids.busy}?next_run=true`, null],
  ["ovirt_nic_info", `/vms/${ids.busy}/nics?follow=`, null],
])("Ansible's %s is answered", async (_, path, count) => {
  const { status, xml } = await get(`/ovirt-engine/api${path}`, `Bearer ${token}`);
  expect(status).toBe(200);
  if (count !== null) expect(xml["vms"]?.["vm"]).toHaveLength(count);
});
