import type { FindingReads } from "../store/finding-types.js";
import type { HistoryReads, Readers, ReadStore } from "../store/types.js";
import { FEW_HOSTS } from "./host-vms.js";

/** Runs one small read of each kind, with the rights that the gateway has. Rejects with the first error. */
export async function tryReads(store: ReadStore & Pick<Readers, "createTreeReadsFor">): Promise<void> {
  for (const read of Object.values(READS)) await read(store);
  const trees = store.createTreeReadsFor(null);
  const parts = { row: true, interfaces: true, nics: true };
  await trees.readTreesByIds(NOBODY, parts);
  await trees.readTreesPage({ limit: 1, after: null, filter: {}, order: "NAME_ASC" }, parts);
}

const NOBODY = ["00000000-0000-0000-0000-000000000000"];
const MANY_NOBODIES = Array.from({ length: FEW_HOSTS + 1 }, (_, n) => formatKey(n));

function formatKey(n: number): string {
  return `00000000-0000-0000-0000-${n.toString(16).padStart(12, "0")}`;
}

/** One read of each kind. If a kind is missing here, the compiler complains. */
const READS: Readonly<
  Record<
    Exclude<keyof ReadStore, keyof HistoryReads | keyof FindingReads>,
    (store: ReadStore) => Promise<unknown>
  >
> = {
  readVmsPage: (store) => store.readVmsPage({ limit: 1, after: null, filter: {}, order: "NAME_ASC" }),
  countVms: (store) => store.countVms({ hostId: "00000000-0000-0000-0000-000000000000" }),
  readVmIds: (store) =>
    store.readVmIds({ filter: {}, sort: { key: "name", descending: false }, offset: 0, limit: 1 }),
  readChangeMark: (store) => store.readChangeMark(),
  readVmOriginsByIds: (store) => store.readVmOriginsByIds(NOBODY),
  readNamed: (store) => store.readNamed("networks", NOBODY),
  readVmsByIds: (store) => store.readVmsByIds(NOBODY),
  // VMs of few hosts, of many, and all of a host are read by statements of their own.
  readVmsByHosts: async (store) => {
    await store.readVmsByHosts(NOBODY);
    await store.readVmsByHosts(NOBODY, 1);
    await store.readVmsByHosts(MANY_NOBODIES, 1);
  },
  readNicsByVms: (store) => store.readNicsByVms(NOBODY),
  readNicsByIds: (store) => store.readNicsByIds(NOBODY),
  readNicsByMacs: (store) => store.readNicsByMacs(["00:00:00:00:00:00"]),
  readGuestInterfacesByVms: (store) => store.readGuestInterfacesByVms(NOBODY),
  readHosts: (store) => store.readHosts(),
  readHostsByIds: (store) => store.readHostsByIds(NOBODY),
};
