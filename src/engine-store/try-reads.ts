import type { HistoryReads, ReadStore } from "../store/types.js";

/** Runs one small read of each kind, with the rights that the gateway has. Throws what the first one throws. */
export async function tryReads(store: ReadStore): Promise<void> {
  for (const read of Object.values(READS)) await read(store);
}

const NOBODY = ["00000000-0000-0000-0000-000000000000"];

/** The compiler asks for another line when there is another kind. */
const READS: Readonly<
  Record<Exclude<keyof ReadStore, keyof HistoryReads>, (store: ReadStore) => Promise<unknown>>
> = {
  vmsPage: (store) => store.vmsPage({ limit: 1, after: null, filter: {}, order: "NAME_ASC" }),
  countVms: (store) => store.countVms({ hostId: "00000000-0000-0000-0000-000000000000" }),
  vmIds: (store) =>
    store.vmIds({ filter: {}, sort: { key: "name", descending: false }, offset: 0, limit: 1 }),
  vmOriginsByIds: (store) => store.vmOriginsByIds(NOBODY),
  named: (store) => store.named("networks", NOBODY),
  vmsByIds: (store) => store.vmsByIds(NOBODY),
  vmsByHosts: (store) => store.vmsByHosts(NOBODY, 1),
  nicsByVms: (store) => store.nicsByVms(NOBODY),
  nicsByIds: (store) => store.nicsByIds(NOBODY),
  nicsByMacs: (store) => store.nicsByMacs(["00:00:00:00:00:00"]),
  guestInterfacesByVms: (store) => store.guestInterfacesByVms(NOBODY),
  hosts: (store) => store.hosts(),
  hostsByIds: (store) => store.hostsByIds(NOBODY),
};
