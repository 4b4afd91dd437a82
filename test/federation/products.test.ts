import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GATEWAYS, composeSupergraph, type Gateway } from "./gateways.js";
import { startProducts } from "./products.js";
import type { Subgraph } from "./subgraph.js";

let products: Subgraph;
let users: Subgraph;
let stock: Subgraph;
let supergraph: string;

beforeAll(async () => {
  [products, users, stock] = await startProducts();
  supergraph = composeSupergraph([products, users, stock]);
});

afterAll(async () => {
  for (const each of [products, users, stock]) await each.stop();
});

/** Asks the subgraph itself for one entity. */
async function entity(representation: object, fields: string) {
  const query = `query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on ${fields} } }`;
  const { body } = await products.server.post(query, { variables: { keys: [representation] } });
  expect(body.errors).toBeUndefined();
  return (body.data!["_entities"] as unknown[])[0];
}

describe("the products subgraph on our server passes the row", () => {
  test("_service: gives its schema", async () => {
    const { body } = await products.server.post("{ _service { sdl } }");
    expect(body.data).toEqual({ _service: { sdl: products.sdl } });
  });

  test("@link: its schema says which federation it speaks, and composes as such", () => {
    expect(products.sdl).toContain('@link(url: "https://specs.apollo.dev/federation/v2.3"');
    expect(supergraph).toContain("https://specs.apollo.dev/join/v0.3");
  });

  test("@key, single", async () => {
    const key = { __typename: "User", email: "ada@example.org" };
    expect(await entity(key, "User { email name }")).toEqual({ email: "ada@example.org", name: "Ada" });
  });

  test("@key, multiple fields", async () => {
    const key = { __typename: "DeprecatedProduct", sku: "furniture", package: "stools" };
    expect(await entity(key, "DeprecatedProduct { reason }")).toEqual({ reason: "wobbles" });
  });

  test("@key, composite", async () => {
    const key = { __typename: "ProductResearch", study: { caseNumber: "42" } };
    expect(await entity(key, "ProductResearch { outcome }")).toEqual({ outcome: "comfortable" });
  });

  test.each([
    [{ id: "chair" }],
    [{ sku: "furniture", package: "seats" }],
    [{ sku: "furniture", variation: { id: "oak" } }],
  ])("@key, repeatable: %j", async (key) => {
    expect(await entity({ __typename: "Product", ...key }, "Product { id sku }")).toEqual({
      id: "chair",
      sku: "furniture",
    });
  });

  test("ftv1: traces when it is switched on and asked for", async () => {
    const query = '{ product(id: "chair") { sku } }';
    const headers = { "apollo-federation-include-trace": "ftv1" };
    const { text } = await products.server.post(query, { headers });
    const trace = (JSON.parse(text) as { extensions?: { ftv1?: string } }).extensions?.ftv1 ?? "";
    expect(Buffer.from(trace, "base64").toString("latin1")).toContain("product");
    expect((await products.server.post(query)).text).not.toContain("ftv1");
  });

  test("@composeDirective: a directive of its own reaches the supergraph", () => {
    expect(supergraph).toMatch(/type Product\n(?: {2}@join[^\n]*\n)* {2}@audited/);
    expect(supergraph).toContain("https://directives.example/audit/v1.0");
  });

  test("@tag: a field's tag reaches the supergraph", () => {
    expect(supergraph).toMatch(/notes: String[^\n]*@tag\(name: "internal"\)/);
  });
});

describe.each(GATEWAYS)("%s in front of the products subgraph passes the row", (name, open) => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await open(supergraph);
  });

  afterAll(async () => {
    await gateway.stop();
  });

  /** What the fields of the product are, and how often the other subgraphs were asked for them. */
  async function product(fields: string) {
    for (const each of [products, users, stock]) each.asked();
    const { data, errors } = await gateway.ask(`{ product(id: "chair") { ${fields} } }`);
    expect(errors).toEqual([]);
    return { product: data!["product"], users: users.asked().requests, stock: stock.asked().requests };
  }

  test("@requires: what it computes with comes from the other subgraphs, in both directions", async () => {
    expect(await product("delivery createdBy { averageProductsCreatedPerYear }")).toMatchObject({
      product: {
        delivery: "small, 7.5 kg: by bicycle",
        createdBy: { averageProductsCreatedPerYear: 134 },
      },
    });
  });

  test("@provides: what it gives along is not asked for elsewhere", async () => {
    expect(await product("createdBy { totalProductsCreated }")).toEqual({
      product: { createdBy: { totalProductsCreated: 1_337 } },
      // Hive's planner asks all the same.
      users: name === "Hive's gateway" ? expect.any(Number) : 0,
      stock: 0,
    });
  });

  test("@override: a field that it took over is not asked for elsewhere", async () => {
    expect(await product("createdBy { name }")).toEqual({
      product: { createdBy: { name: "Ada" } },
      users: 0,
      stock: 0,
    });
    expect(await gateway.ask("{ users { name } }")).toEqual({
      data: { users: [{ name: "Ada" }] },
      errors: [],
    });
  });

  test("@shareable: a type that both give comes from where one is", async () => {
    expect(await product("dimensions { size weight }")).toEqual({
      product: { dimensions: { size: "small", weight: 7.5 } },
      users: 0,
      stock: 0,
    });
    expect(await gateway.ask("{ boxes { size } }")).toEqual({
      data: { boxes: [{ size: "large" }] },
      errors: [],
    });
  });

  test("@inaccessible: what it hides is not there for clients", async () => {
    const hidden = '{ product(id: "chair") { dimensions { unit } } }';
    expect((await products.server.post(hidden)).body.data).toEqual({
      product: { dimensions: { unit: "kg" } },
    });
    const { data, errors } = await gateway.ask(hidden);
    expect(data?.["product"] ?? null).toBeNull();
    expect(errors.join()).toContain("unit");
  });

  test("@tag: a tagged field stays readable", async () => {
    expect((await product("notes")).product).toEqual({ notes: "discontinue in autumn" });
  });

  test("@interfaceObject: it adds to every type of an interface that it does not know", async () => {
    expect(
      await gateway.ask("{ inventories { __typename id deprecatedProducts { reason createdBy { name } } } }"),
    ).toEqual({
      data: {
        inventories: [
          {
            __typename: "Warehouse",
            id: "north",
            deprecatedProducts: [{ reason: "wobbles", createdBy: { name: "Ada" } }],
          },
        ],
      },
      errors: [],
    });
  });
});
