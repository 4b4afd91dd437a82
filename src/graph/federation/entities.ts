import {
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLString,
  GraphQLUnionType,
  isObjectType,
  type GraphQLFieldConfigMap,
  type GraphQLSchema,
} from "graphql";
import type { Loaders } from "../../loaders/loaders.js";
import type { Nic } from "../../loaders/rows.js";
import type { GraphContext } from "../context.js";
import { createGraphError } from "../errors.js";
import { OWN_NAMES, type SubgraphNames } from "../../model/subgraph-names.js";
import { isSameMac } from "../../model/address/mac.js";

/** A representation as a federation gateway sends it: a type's name and the fields of one of its keys. */
export type Key = Readonly<Record<string, unknown>>;

/** Functions that find each entity by its keys; `null` for a malformed key. */
export type EntityReaders = Readonly<
  Record<string, (key: Key, loaders: Loaders) => Promise<object | null> | null>
>;

/** Creates the two root fields by which a federation gateway reads a subgraph. */
export function createEntityFields(
  schema: GraphQLSchema,
  printSdl: () => string,
  readers: EntityReaders = createEntityReaders(OWN_NAMES),
): GraphQLFieldConfigMap<unknown, GraphContext> {
  const types = Object.keys(readers)
    .map((name) => schema.getType(name))
    .filter(isObjectType);
  const entity = new GraphQLUnionType({ name: "_Entity", description: "Anything that has a key.", types });
  return {
    _service: {
      type: new GraphQLNonNull(SERVICE),
      description: "What a composer needs to know of this subgraph.",
      resolve: () => ({ sdl: printSdl() }),
    },
    _entities: {
      type: new GraphQLNonNull(new GraphQLList(entity)),
      description:
        "The entities with these keys, in their order; null for a key that is unknown or malformed, and for it alone.",
      args: {
        representations: {
          type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(ANY))),
          description: "A `__typename` and the fields of one of its keys, for each entity.",
        },
      },
      // Promise.all, because a statement that fails does so for all of them: the answer has one error instead of
      // thousands.
      resolve: (_source, args: { representations: readonly unknown[] }, { loaders }) =>
        Promise.all(loadEntities(args.representations, readers, loaders)),
    },
  };
}

const SERVICE = new GraphQLObjectType({
  name: "_Service",
  description: "This subgraph.",
  fields: { sdl: { type: GraphQLString, description: "Its schema, with the directives of Federation 2." } },
});

const ANY = new GraphQLScalarType({
  name: "_Any",
  description: "A representation: `{__typename, …key fields}`.",
});

/** Creates the readers of our entities, under the names that the entities and their keys have in the subgraph. */
export function createEntityReaders({ entities: { Vm, VmNic } }: SubgraphNames): EntityReaders {
  return {
    [Vm.type]: ({ [Vm.key]: id }, loaders) => (typeof id === "string" ? loaders.vmById.load(id) : null),
    [VmNic.type]: ({ [VmNic.key]: id, macAddress, vm }, loaders) => {
      if (typeof id === "string") return loaders.nicById.load(id);
      if (typeof macAddress !== "string" || !isKey(vm) || typeof vm["id"] !== "string") return null;
      return loadNicByMac(vm["id"], macAddress, loaders);
    },
  };
}

async function loadNicByMac(vmId: string, mac: string, loaders: Loaders): Promise<Nic | null> {
  const nics = await loaders.nicsByVm.load(vmId);
  return nics.find((nic) => isSameMac(nic.macAddress, mac)) ?? null;
}

/**
 * Loads entities. An unknown type is a fault of the composition, and gives one error, even if thousands of keys have
 * it.
 */
function loadEntities(
  representations: readonly unknown[],
  readers: EntityReaders,
  loaders: Loaders,
): unknown[] {
  let isReported = false;
  return representations.map((key) => {
    if (!isKey(key)) return null;
    const name = key["__typename"];
    const reader = typeof name === "string" && Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (reader !== undefined) return tagWithType(String(name), reader(key, loaders));
    if (isReported) return null;
    isReported = true;
    const names = Object.keys(readers).join(" and ");
    return createGraphError(
      "BAD_USER_INPUT",
      `representations: this subgraph has the entities ${names} only`,
    );
  });
}

/** Returns the row with `__typename`, by which the union finds its type. */
async function tagWithType(typeName: string, row: Promise<object | null> | null): Promise<object | null> {
  const found = await row;
  return found === null ? null : { ...found, __typename: typeName };
}

function isKey(value: unknown): value is Key {
  return typeof value === "object" && value !== null;
}
