import DataLoader from "dataloader";
import type { NamedKind, NamedRow, VmOrigin } from "../store/inventory-types.js";
import type {
  AddressSpan,
  AddressSpansQuestion,
  HistoryBounds,
  ReadStore,
  VmChange,
  VmChangesQuestion,
  VmIdList,
} from "../store/types.js";
import { type BatchSchedule, createBatchSchedule } from "./batches/batch-schedule.js";
import { compareByName } from "../model/compare-by-name.js";
import { createHostVmsLoader } from "./batches/host-vms.js";
import { groupPerKey, pickOnePerKey } from "./batches/key-order.js";
import { memoize } from "./batches/memoize.js";
import { RowLoader } from "./batches/row-loader.js";
import { toPastVm } from "./past/past-vm.js";
import type { FindingReads, GuestInterface, HostRow, Nic, VmFilter, VmRow } from "./rows.js";
import { limitReads } from "./batches/limit-reads.js";
import { isUuid } from "../model/uuid.js";

/** Selects a page of VMs. */
type VmPageQuestion = Parameters<ReadStore["readVmsPage"]>[0];

/** All reads that the graph may do. Each is batched, and memoized for one request. */
export interface Loaders {
  readonly vmById: DataLoader<string, VmRow | null>;
  readonly nicById: DataLoader<string, Nic | null>;
  /** Sorted by name. */
  readonly nicsByVm: DataLoader<string, readonly Nic[]>;
  /** By lower-case MAC with colons. */
  readonly nicsByMac: DataLoader<string, readonly Nic[]>;
  readonly guestInterfacesByVm: DataLoader<string, readonly GuestInterface[]>;
  readonly hostById: DataLoader<string, HostRow | null>;
  /** Returns the loader of the first VMs of a host by name. Each limit has its own loader. */
  readonly getVmsByHost: (limit: number) => DataLoader<string, readonly VmRow[]>;
  /** Loads the interfaces of the VM's guest; `null` if they are not known, which is not the same as none. */
  readonly loadKnownGuestInterfaces: (vmId: string) => Promise<readonly GuestInterface[] | null>;
  /** Loads all hosts, sorted by name. */
  readonly loadHosts: () => Promise<readonly HostRow[]>;
  readonly loadVmsPage: (question: VmPageQuestion) => Promise<readonly VmRow[]>;
  readonly countVms: (filter: VmFilter) => Promise<number>;
  /** Loads ids of VMs. They are not memoized, because a list may be long, and nobody asks for it twice. */
  readonly loadVmIds: (list: VmIdList) => Promise<readonly string[]>;
  /** Loads how a VM was made; `null` if that is not known. */
  readonly vmOriginById: DataLoader<string, VmOrigin | null>;
  /** Returns the loader of clusters, templates or networks. */
  readonly getNamedById: (kind: NamedKind) => DataLoader<string, NamedRow | null>;
  /** Loads all clusters, templates or networks, sorted by name. */
  readonly loadNamed: (kind: NamedKind) => Promise<readonly NamedRow[]>;
  /** Loads the time from which on the past is known; `null`: no past is kept here. */
  readonly loadHistoryBounds: () => Promise<HistoryBounds | null>;
  /** Returns the loader of VMs as they were at a time; `null`: not stored then. Each time has its own loader. */
  readonly getVmAt: (at: Date) => DataLoader<string, VmRow | null>;
  /** Returns the loader of VMs' changes, newest first. Each question has its own loader. */
  readonly getVmChanges: (question: VmChangesQuestion) => DataLoader<string, readonly VmChange[]>;
  /** Loads who had an address when; `null`: the index of addresses is not ready. */
  readonly loadAddressSpans: (question: AddressSpansQuestion) => Promise<readonly AddressSpan[] | null>;
  /** Loads the cursor behind all changes that this request's state shows; `null`: none are kept here. */
  readonly loadChangeCursor: () => Promise<string | null>;
  /** Loads a text that differs after each change; `null`: the source does not keep when VMs change. */
  readonly loadChangeMark: () => Promise<string | null>;
  /** Answers questions about many VMs at once. */
  readonly findings: FindingReads;
  /** Forgets all that was read, after something was changed in the same request. */
  readonly forget: () => void;
}

/** What the loaders need from their request. */
export interface LoaderOptions {
  /** Called before every read; throws after the request's deadline, so that no late statement begins. */
  readonly throwIfExpired?: () => void;
  /** Called when the loaders forget all that was read. Later reads see another state of the database. */
  readonly onForget?: () => void;
  /** Calls the listener when no result waits to be used any more. */
  readonly whenIdle?: (listener: () => void) => void;
}

/**
 * Creates the loaders of one request. They must not outlive it, because their memory becomes old and belongs to one viewer.
 */
export function createLoaders(
  reads: ReadStore,
  { throwIfExpired = () => undefined, onForget, whenIdle = callAtOnce }: LoaderOptions = {},
): Loaders {
  const store = limitReads(reads, throwIfExpired);
  const batchScheduleFn = createBatchSchedule(whenIdle);
  const rows = createRowLoaders(store, batchScheduleFn);
  const questions = createQuestions(store, rows, batchScheduleFn);
  return {
    ...rows,
    getVmsByHost: questions.vmsByHost.ask,
    loadKnownGuestInterfaces: (vmId) => questions.knownInterfaces.ask(vmId),
    loadHosts: () => questions.hosts.ask(null),
    loadVmsPage: questions.vmsPage.ask,
    countVms: questions.countVms.ask,
    loadVmIds: (list) => store.readVmIds(list),
    getNamedById: questions.namedById.ask,
    loadNamed: questions.named.ask,
    loadHistoryBounds: () => questions.historyBounds.ask(null),
    getVmAt: questions.vmAt.ask,
    getVmChanges: questions.vmChanges.ask,
    loadAddressSpans: questions.addressSpans.ask,
    loadChangeCursor: () => questions.changeCursor.ask(null),
    loadChangeMark: () => store.readChangeMark(),
    findings: store,
    forget: () => {
      for (const loader of Object.values(rows)) loader.clearAll();
      for (const memory of Object.values(questions)) memory.forget();
      onForget?.();
    },
  };
}

/** Creates the loaders of rows by key. */
function createRowLoaders(store: ReadStore, batchScheduleFn: BatchSchedule) {
  const nicById = createOneLoader((ids) => store.readNicsByIds(ids), getId, batchScheduleFn);
  return {
    vmById: createOneLoader((ids) => store.readVmsByIds(ids), getId, batchScheduleFn),
    vmOriginById: createOneLoader((ids) => store.readVmOriginsByIds(ids), getId, batchScheduleFn),
    nicById,
    nicsByVm: createManyLoader(
      async (ids) => prime(await store.readNicsByVms(ids), nicById).sort(compareByName),
      getVmId,
      batchScheduleFn,
    ),
    nicsByMac: new DataLoader<string, readonly Nic[]>(
      async (macs) =>
        groupPerKey(macs, prime(await store.readNicsByMacs(macs), nicById).sort(compareByName), (nic) =>
          toLowerMac(nic.macAddress),
        ),
      { maxBatchSize: MAX_BATCH, batchScheduleFn },
    ),
    guestInterfacesByVm: createManyLoader(
      (ids) => store.readGuestInterfacesByVms(ids),
      getVmId,
      batchScheduleFn,
    ),
    hostById: createOneLoader((ids) => store.readHostsByIds(ids), getId, batchScheduleFn),
  };
}

/**
 * Creates the memoized reads of questions that are not keys. Each question is read once in a request. The rows of lists are
 * also given to the loaders.
 */
function createQuestions(
  store: ReadStore,
  { vmById, hostById, guestInterfacesByVm }: ReturnType<typeof createRowLoaders>,
  batchScheduleFn: BatchSchedule,
) {
  return {
    hosts: memoize(async () => prime(await store.readHosts(), hostById).sort(compareByName)),
    vmsPage: memoize(async (question: VmPageQuestion) => prime(await store.readVmsPage(question), vmById)),
    countVms: memoize((filter: VmFilter) => store.countVms(filter)),
    namedById: memoize((kind: NamedKind) =>
      createOneLoader((ids) => store.readNamed(kind, ids), getId, batchScheduleFn),
    ),
    named: memoize((kind: NamedKind) => store.readNamed(kind, null)),
    vmsByHost: memoize((limit: number) =>
      createHostVmsLoader(store, { limit, batchScheduleFn }, (vm) => {
        vmById.keep(vm.id, vm);
      }),
    ),
    historyBounds: memoize(() => store.readHistoryBounds()),
    vmAt: memoize((at: Date) =>
      createOneLoader(
        async (ids) => (await store.readVmVersionsAt(ids, at)).map(toPastVm),
        getId,
        batchScheduleFn,
      ),
    ),
    vmChanges: memoize((question: VmChangesQuestion) =>
      createManyLoader((ids) => store.readVmChanges(ids, question), getVmId, batchScheduleFn),
    ),
    addressSpans: memoize((question: AddressSpansQuestion) => store.readAddressSpans(question)),
    changeCursor: memoize(() => store.readChangeCursor()),
    // Each vNIC of the VM asks.
    knownInterfaces: memoize(async (vmId: string) => {
      const [vm, interfaces] = await Promise.all([vmById.load(vmId), guestInterfacesByVm.load(vmId)]);
      return vm?.interfacesKnown === true ? interfaces : null;
    }),
  };
}

/**
 * The largest batch. A federation gateway asks for 5,000 entities in one body, and one statement takes them as an array.
 */
const MAX_BATCH = 5_000;

/** Calls the listener at once, because no results are held back. */
function callAtOnce(listener: () => void): void {
  listener();
}

type Read<Row> = (ids: readonly string[]) => Promise<Row[]>;

function createOneLoader<Row>(
  read: Read<Row>,
  getKey: (row: Row) => string,
  batchScheduleFn: BatchSchedule,
): RowLoader<Row> {
  const load = readByUuid(read, (ids, rows) => pickOnePerKey(ids, rows, getKey));
  return new RowLoader(load, { ...BY_UUID, batchScheduleFn });
}

function createManyLoader<Row>(
  read: Read<Row>,
  getKey: (row: Row) => string,
  batchScheduleFn: BatchSchedule,
): DataLoader<string, readonly Row[]> {
  const load = readByUuid(read, (ids, rows) => groupPerKey(ids, rows, getKey));
  return new DataLoader(load, { ...BY_UUID, batchScheduleFn });
}

/** Reads by UUID. An id that is not a UUID counts as absent, because PostgreSQL would reject the complete statement. */
function readByUuid<Row, Answer>(
  read: Read<Row>,
  answer: (ids: readonly string[], rows: readonly Row[]) => Answer[],
): DataLoader.BatchLoadFn<string, Answer> {
  return async (keys) => {
    const ids = keys.map((key) => key.toLowerCase());
    const valid = ids.filter(isUuid);
    return answer(ids, valid.length === 0 ? [] : await read(valid));
  };
}

const BY_UUID = { maxBatchSize: MAX_BATCH, cacheKeyFn: (key: string) => key.toLowerCase() };

/** Gives the loader the rows of a list, so that they are not read again one by one. */
function prime<Row extends { readonly id: string }>(rows: Row[], loader: RowLoader<Row>): Row[] {
  for (const row of rows) loader.keep(row.id, row);
  return rows;
}

function getId(row: { readonly id: string }): string {
  return row.id;
}

function getVmId(row: { readonly vmId: string }): string {
  return row.vmId;
}

function toLowerMac(mac: string | null): string | null {
  return mac?.toLowerCase() ?? null;
}
