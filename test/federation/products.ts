import { executable, startSubgraph, type Subgraph } from "./subgraph.js";

/** Under test: every directive of Federation 2 that the public compatibility suite asks for, in its domain of products. */
const PRODUCTS_SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@provides", "@external",
      "@requires", "@tag", "@override", "@inaccessible", "@composeDirective", "@interfaceObject"])
    @link(url: "https://directives.example/audit/v1.0", import: ["@audited"])
    @composeDirective(name: "@audited")
  directive @audited on OBJECT
  type Query {
    product(id: ID!): Product
    deprecatedProduct(sku: String!, package: String!): DeprecatedProduct
  }
  type Product @audited @key(fields: "id") @key(fields: "sku package") @key(fields: "sku variation { id }") {
    id: ID!
    sku: String
    package: String
    variation: ProductVariation
    dimensions: ProductDimension
    createdBy: User @provides(fields: "totalProductsCreated")
    notes: String @tag(name: "internal")
    research: [ProductResearch!]!
  }
  type ProductVariation { id: ID! }
  type ProductDimension @shareable { size: String weight: Float unit: String @inaccessible }
  type ProductResearch @key(fields: "study { caseNumber }") { study: CaseStudy! outcome: String }
  type CaseStudy { caseNumber: ID! description: String }
  type DeprecatedProduct @key(fields: "sku package") {
    sku: String!
    package: String!
    reason: String
    createdBy: User
  }
  type User @key(fields: "email") {
    email: ID!
    name: String @override(from: "users")
    totalProductsCreated: Int @external
    yearsOfEmployment: Int! @external
    averageProductsCreatedPerYear: Int @requires(fields: "totalProductsCreated yearsOfEmployment")
  }
  type Inventory @interfaceObject @key(fields: "id") { id: ID! deprecatedProducts: [DeprecatedProduct!]! }`;

/** Beside it: who made the products, by the names that `@override` takes over. */
const USERS_SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
  type Query { users: [User!]! }
  type User @key(fields: "email") {
    email: ID!
    name: String
    totalProductsCreated: Int @shareable
    yearsOfEmployment: Int!
  }`;

/** And where they are kept; it needs the dimensions to say how they travel. */
const STOCK_SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external", "@requires"])
  type Query { inventories: [Inventory!]! boxes: [ProductDimension!]! }
  interface Inventory @key(fields: "id") { id: ID! }
  type Warehouse implements Inventory @key(fields: "id") { id: ID! city: String }
  type Product @key(fields: "id") {
    id: ID!
    dimensions: ProductDimension @external
    delivery: String @requires(fields: "dimensions { size weight }")
  }
  type ProductDimension @shareable { size: String weight: Float }`;

const ADA = { email: "ada@example.org", name: "Ada", totalProductsCreated: 1_337 };
const PRODUCT = {
  id: "chair",
  sku: "furniture",
  package: "seats",
  variation: { id: "oak" },
  dimensions: { size: "small", weight: 7.5, unit: "kg" },
  createdBy: ADA,
  notes: "discontinue in autumn",
  research: [{ study: { caseNumber: "42", description: "Sitting" }, outcome: "comfortable" }],
};
const DEPRECATED = { sku: "furniture", package: "stools", reason: "wobbles", createdBy: ADA };

/** The subgraph under test and the two beside it, all on the product's server shell. */
export function startProducts(): Promise<readonly [Subgraph, Subgraph, Subgraph]> {
  const products = executable(
    PRODUCTS_SDL,
    {
      Query: {
        product: (_source, { id }) => (id === PRODUCT.id ? PRODUCT : null),
        deprecatedProduct: (_source, { sku, package: name }) => deprecated(sku, name),
      },
      User: {
        averageProductsCreatedPerYear: (source) => {
          const { totalProductsCreated, yearsOfEmployment } = source as Record<string, number>;
          return Math.round(totalProductsCreated! / yearsOfEmployment!);
        },
      },
    },
    {
      Product: (key) => Promise.resolve(isProduct(key) ? PRODUCT : null),
      DeprecatedProduct: (key) => Promise.resolve(deprecated(key["sku"], key["package"])),
      ProductResearch: ({ study }) => Promise.resolve(findResearch(study)),
      User: (key) => Promise.resolve(key["email"] === ADA.email ? { ...ADA, ...key } : null),
      Inventory: ({ id }) => Promise.resolve({ id, deprecatedProducts: [DEPRECATED] }),
    },
  );
  const ofUsers = { ...ADA, name: "taken over", yearsOfEmployment: 10 };
  const users = executable(
    USERS_SDL,
    { Query: { users: () => [ofUsers] } },
    { User: () => Promise.resolve(ofUsers) },
  );
  const stock = executable(
    STOCK_SDL,
    {
      Query: {
        inventories: () => [{ __typename: "Warehouse", id: "north", city: "Oslo" }],
        boxes: () => [{ size: "large", weight: 1 }],
      },
      Product: {
        delivery: (source) => {
          const { dimensions } = source as { dimensions: { size: string; weight: number } };
          return `${dimensions.size}, ${dimensions.weight} kg: by bicycle`;
        },
      },
    },
    { Product: (key) => Promise.resolve(key), Warehouse: (key) => Promise.resolve(key) },
  );
  return Promise.all([
    startSubgraph("products", PRODUCTS_SDL, products, { inlineTrace: true }),
    startSubgraph("users", USERS_SDL, users),
    startSubgraph("stock", STOCK_SDL, stock),
  ]);
}

function isProduct({ id, sku, package: name, variation }: Readonly<Record<string, unknown>>): boolean {
  if (id !== undefined) return id === PRODUCT.id;
  if (sku !== PRODUCT.sku) return false;
  return name === PRODUCT.package || (variation as { id?: unknown } | undefined)?.id === PRODUCT.variation.id;
}

function deprecated(sku: unknown, name: unknown) {
  return sku === DEPRECATED.sku && name === DEPRECATED.package ? DEPRECATED : null;
}

function findResearch(study: unknown) {
  const { caseNumber } = study as { caseNumber?: unknown };
  return PRODUCT.research.find((each) => each.study.caseNumber === caseNumber) ?? null;
}
