import "reflect-metadata";
import { GraphQLObjectType, GraphQLSchema } from "graphql";
import { buildSchemaSync } from "type-graphql";
import { createSubgraph, type SubgraphShape } from "./federation/federation.js";
import { OWN_NAMES, type SubgraphNames } from "../model/subgraph-names.js";
import { listImplementations } from "./federation/implementations.js";
import { ADDRESS_HISTORY_FIELDS } from "./fields/address-history-fields.js";
import { ChangeCursorQuery } from "./fields/change-cursor-field.js";
import { DIFFERENCE_FIELDS } from "./fields/difference-fields.js";
import { FindQueries, FindResultFields } from "./fields/find-fields.js";
import { FINDING_FIELDS } from "./fields/finding-fields.js";
import { HISTORY_FIELDS } from "./fields/history-fields.js";
import { HostFields } from "./fields/host-fields.js";
import { HOST_SUBSCRIPTION } from "./fields/host-subscription.js";
import { Mutations } from "./fields/mutations.js";
import { NETWORK_STATS_FIELDS } from "./fields/network-stats-fields.js";
import { Queries } from "./fields/queries.js";
import { guardRootFields } from "./root-guard.js";
import { VmConnectionFields, VmEdgeFields } from "./fields/vm-connection-fields.js";
import { GuestInfoFields, NetworkDeviceFields, VmFields } from "./fields/vm-fields.js";
import {
  GuestPrimaryAddressFields,
  PrimaryAddressFields,
  VmNicPrimaryAddressFields,
} from "./fields/primary-address-fields.js";
import { VmNicFields } from "./fields/vm-nic-fields.js";
import { GuestNetworkEventFields, Subscriptions } from "./fields/subscriptions.js";
import { DIFFERENCE_TYPES } from "./types/difference-types.js";

/** How the graph takes part in a federated one: not at all, whole, or with only what no other subgraph knows. */
export type Federation = "off" | SubgraphShape;

/** Builds the executable schema. One for the process is enough, since requests differ by their context alone. */
export function buildGraphSchema({
  federation,
  names = OWN_NAMES,
}: {
  readonly federation: Federation;
  readonly names?: SubgraphNames;
}): GraphQLSchema {
  const schema = buildTypeGraph();
  return guardRootFields(federation === "off" ? schema : createSubgraph(schema, federation, names).schema);
}

/** Builds the graph without federation and without roles. */
export function buildTypeGraph(): GraphQLSchema {
  const config = buildSchemaSync({
    resolvers: [
      Queries,
      FindQueries,
      FindResultFields,
      Mutations,
      Subscriptions,
      GuestNetworkEventFields,
      ...HOST_SUBSCRIPTION,
      VmFields,
      GuestInfoFields,
      NetworkDeviceFields,
      VmNicFields,
      HostFields,
      VmConnectionFields,
      VmEdgeFields,
      GuestPrimaryAddressFields,
      VmNicPrimaryAddressFields,
      PrimaryAddressFields,
      ...FINDING_FIELDS,
      ...NETWORK_STATS_FIELDS,
      ...HISTORY_FIELDS,
      ...ADDRESS_HISTORY_FIELDS,
      ChangeCursorQuery,
      ...DIFFERENCE_FIELDS,
    ],
    orphanedTypes: DIFFERENCE_TYPES,
    // TypeGraphQL demands a PubSub. Our subscriptions create their streams themselves.
    pubSub: { publish: () => undefined, subscribe: refusePubSub },
    validate: false,
    // The check would execute an introspection at each start, a fifth of the time until the first answer. Tests
    // validate the schema.
    skipCheck: true,
  }).toConfig();
  return new GraphQLSchema({
    ...config,
    types: listImplementations(config.types),
    query: describeType(
      config.query,
      "What can be asked. Everything is read from what was stored last; nothing waits for a host.",
    ),
    mutation: describeType(
      config.mutation,
      "What an operator can do to the list of hosts. One after the other, in order.",
    ),
    subscription: describeType(
      config.subscription,
      "What is sent as it changes, over a WebSocket at /graphql or as server-sent events from /graphql/stream.",
    ),
  });
}

function refusePubSub(): never {
  throw new Error("a subscription without a stream of its own");
}

/** Adds the description of a root type, which TypeGraphQL cannot state. */
function describeType(
  type: GraphQLObjectType | null | undefined,
  description: string,
): GraphQLObjectType | undefined {
  return type ? new GraphQLObjectType({ ...type.toConfig(), description }) : undefined;
}
