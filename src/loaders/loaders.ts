import type DataLoader from "dataloader";
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
import type { FindingReads, GuestInterface, HostRow, Nic, VmFilter, VmRow } from "./rows.js";
import { limitReads } from "./batches/limit-reads.js";
import { createQuestions, type VmPageQuestion } from "./questions.js";
import { RowLoaders } from "./row-loaders.js";

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
  return new RequestLoaders(store, createBatchSchedule(whenIdle), onForget ?? (() => undefined));
}

class RequestLoaders extends RowLoaders implements Loaders {
  private madeQuestions: ReturnType<typeof createQuestions> | null = null;

  constructor(
    store: ReadStore,
    batchScheduleFn: BatchSchedule,
    private readonly onForget: () => void,
  ) {
    super(store, batchScheduleFn);
  }

  private get questions(): ReturnType<typeof createQuestions> {
    return (this.madeQuestions ??= createQuestions(this.store, this, this.batchScheduleFn));
  }

  get findings(): FindingReads {
    return this.store;
  }

  readonly getVmsByHost: Loaders["getVmsByHost"] = (limit) => this.questions.vmsByHost.ask(limit);
  readonly loadKnownGuestInterfaces: Loaders["loadKnownGuestInterfaces"] = (vmId) =>
    this.questions.knownInterfaces.ask(vmId);
  readonly loadHosts: Loaders["loadHosts"] = () => this.questions.hosts.ask(null);
  readonly loadVmsPage: Loaders["loadVmsPage"] = (question) => this.questions.vmsPage.ask(question);
  readonly countVms: Loaders["countVms"] = (filter) => this.questions.countVms.ask(filter);
  readonly loadVmIds: Loaders["loadVmIds"] = (list) => this.store.readVmIds(list);
  readonly getNamedById: Loaders["getNamedById"] = (kind) => this.questions.namedById.ask(kind);
  readonly loadNamed: Loaders["loadNamed"] = (kind) => this.questions.named.ask(kind);
  readonly loadHistoryBounds: Loaders["loadHistoryBounds"] = () => this.questions.historyBounds.ask(null);
  readonly getVmAt: Loaders["getVmAt"] = (at) => this.questions.vmAt.ask(at);
  readonly getVmChanges: Loaders["getVmChanges"] = (question) => this.questions.vmChanges.ask(question);
  readonly loadAddressSpans: Loaders["loadAddressSpans"] = (question) =>
    this.questions.addressSpans.ask(question);
  readonly loadChangeCursor: Loaders["loadChangeCursor"] = () => this.questions.changeCursor.ask(null);
  readonly loadChangeMark: Loaders["loadChangeMark"] = () => this.store.readChangeMark();

  readonly forget = (): void => {
    this.clearRows();
    if (this.madeQuestions !== null) for (const memory of Object.values(this.madeQuestions)) memory.forget();
    this.onForget();
  };
}

/** Calls the listener at once, because no results are held back. */
function callAtOnce(listener: () => void): void {
  listener();
}
