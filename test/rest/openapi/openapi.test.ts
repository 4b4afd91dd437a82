import Fastify from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BASE } from "../../../src/rest/elements/elements.js";
import { OPENAPI } from "../../../src/rest/openapi/openapi.js";
import { ROUTES } from "../../../src/rest/routes/routes.js";
import { createEngineStore } from "../../../src/engine-store/engine-store.js";
import { createEngineDatabase, type EngineDatabase } from "../../engine-store/engine-database.js";
import { ids, SMALL_ENGINE } from "../../engine-store/small-engine.js";
import { startRest, type RestServer } from "../rest-server.js";

let engine: EngineDatabase;
let rest: RestServer;

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(...SMALL_ENGINE);
  rest = await startRest(createEngineStore(engine.dataSource));
});

afterAll(async () => {
  await judge.close();
  await rest.stop();
  await engine.drop();
});

/** Fastify judges bodies by JSON schema; here the bodies are our own answers. */
const judge = Fastify({
  ajv: {
    customOptions: {
      removeAdditional: false,
      coerceTypes: false,
      useDefaults: false,
      strict: false,
      allErrors: true,
    },
  },
});
for (const name of Object.keys(OPENAPI.components.schemas)) {
  const body = { $ref: `#/components/schemas/${name}`, components: OPENAPI.components };
  judge.post(`/${name}`, { schema: { body } }, () => "as described");
}

/** What the judge says of an answer, by the schema of its path. */
async function judged(path: string, status: "200" | "default", answer: object): Promise<string> {
  const { get } = OPENAPI.paths[path as keyof typeof OPENAPI.paths] as unknown as {
    get: { responses: Record<string, { content: { "application/json": { schema: { $ref: string } } } }> };
  };
  const { $ref } = get.responses[status]!.content["application/json"].schema;
  return (
    await judge.inject({ method: "POST", url: $ref.slice("#/components/schemas".length), payload: answer })
  ).body;
}

const namedIds: Readonly<Record<string, string>> = {
  clusters: ids.cluster,
  templates: ids.template,
  networks: ids.network,
};

describe("the OpenAPI description", () => {
  test("is served", async () => {
    const { status, type, text } = await rest.ask("/openapi.json", { accept: "text/html" });
    expect([status, type]).toEqual([200, "application/json; charset=utf-8"]);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(OPENAPI)));
    expect(OPENAPI.servers).toEqual([{ url: BASE }]);
  });

  test("has every path that is answered, with its parameters, and no other", () => {
    const served = ROUTES.map(({ path }) => path.replaceAll(/:(\w+)/g, "{$1}")).filter((path) => path !== "");
    expect(Object.keys(OPENAPI.paths).toSorted()).toEqual(served.toSorted());
    for (const [path, { get }] of Object.entries(OPENAPI.paths)) {
      const { parameters } = get as unknown as { parameters: { name: string; in: string }[] };
      const named = parameters.filter((each) => each.in === "path").map(({ name }) => `{${name}}`);
      expect(named).toEqual(path.match(/\{\w+\}/g) ?? []);
    }
  });

  test("has no reference to nowhere", () => {
    const references = [...JSON.stringify(OPENAPI).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(references)].toSorted()).toEqual(Object.keys(OPENAPI.components.schemas).toSorted());
  });

  test("is true of real answers", async () => {
    const { text } = await rest.ask(`/vms/${ids.busy}/reporteddevices`);
    const deviceId = (JSON.parse(text) as { reported_device: { id: string }[] }).reported_device[3]!.id;
    for (const path of Object.keys(OPENAPI.paths)) {
      for (const vmId of [ids.busy, ids.windows, ids.stopped, ids.blank, ids.bare]) {
        const where = path
          .replace("{vmId}", vmId)
          .replace("{nicId}", vmId === ids.windows ? ids.windowsNic : ids.nic1)
          .replace("{deviceId}", deviceId)
          .replace("{hostId}", ids.host)
          .replace("{namedId}", namedIds[path.split("/")[1] ?? ""] ?? "");
        const follow = path.endsWith("}") || path.endsWith("s") ? formatFollow(path) : "";
        const { status, text: answer } = await rest.ask(`${where}${follow}`, { "all-content": "true" });
        const verdict = await judged(path, status === 200 ? "200" : "default", JSON.parse(answer) as object);
        expect(`${where}: ${verdict}`).toBe(`${where}: as described`);
      }
    }
  });

  test("would notice an answer that is not as described", async () => {
    expect(await judged("/vms", "200", { vm: [{ id: ids.busy }] })).toContain(
      "must have required property 'name'",
    );
    expect(await judged("/vms", "default", { reason: "x", detail: "y", more: "z" })).toContain("additional");
  });
});

function formatFollow(path: string): string {
  if (path.includes("reporteddevices") || !path.startsWith("/vms")) return "";
  return path.includes("nics")
    ? "?follow=reported_devices,network,statistics"
    : "?follow=reported_devices,nics.reported_devices,nics.network,host,cluster,template,original_template,tags,statistics,affinity_labels";
}
