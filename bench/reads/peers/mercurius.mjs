import Fastify from "fastify";
import mercurius from "mercurius";
import {
  groupByKey,
  findByKey,
  matchInterface,
  readInterfaces,
  readNics,
  readNicsByMac,
  readPage,
  readVms,
} from "./data.mjs";
import { typeDefs } from "./schema.mjs";
import { announce } from "./listen.mjs";

/** Mercurius, with its own loaders instead of DataLoader, and its compiler from the first request on. */
const app = Fastify();
const listIds = (queries) => [...new Set(queries.map(({ obj }) => obj.id))];
const vmIdsOf = (queries) => [...new Set(queries.map(({ obj }) => obj.vmId))];
const listFor = (ids, lists) => {
  const byId = new Map(ids.map((id, at) => [id, lists[at]]));
  return (id) => byId.get(id);
};
await app.register(mercurius, {
  schema: typeDefs,
  jit: 1,
  resolvers: {
    Query: {
      vm: async (_, { id }) => (await readVms([id]))[0] ?? null,
      vms: async (_, { first, after }) => ({ nodes: await readPage(first, after) }),
      vmNics: (_, { macAddress }) => readNicsByMac([macAddress]),
    },
    Vm: { guestInfo: (vm) => vm },
  },
  loaders: {
    Vm: {
      nics: async (queries) => {
        const ids = listIds(queries);
        const find = listFor(ids, groupByKey(ids, await readNics(ids), "vmId"));
        return queries.map(({ obj }) => find(obj.id));
      },
    },
    GuestInfo: {
      networkDevices: async (queries) => {
        const ids = listIds(queries);
        const find = listFor(ids, groupByKey(ids, await readInterfaces(ids), "vmId"));
        return queries.map(({ obj }) => find(obj.id));
      },
    },
    VmNic: {
      vm: async (queries) => {
        const ids = vmIdsOf(queries);
        const find = listFor(ids, findByKey(ids, await readVms(ids), "id"));
        return queries.map(({ obj }) => find(obj.vmId));
      },
      guestInterface: async (queries) => {
        const ids = vmIdsOf(queries);
        const find = listFor(ids, groupByKey(ids, await readInterfaces(ids), "vmId"));
        return queries.map(({ obj }) => matchInterface(obj, find(obj.vmId)));
      },
    },
  },
});
announce(`${await app.listen({ port: 0, host: "127.0.0.1" })}/graphql`);
