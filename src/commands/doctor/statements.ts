import { formatError } from "../../gateway/format-error.js";
import { tryReads } from "../../engine-store/try-reads.js";
import { createChangeLog } from "../../store/changes/change-log.js";
import { queryRows } from "../../store/postgres/sql.js";
import { readEdits } from "../../store/memory/look.js";
import { createStore } from "../../store/store.js";
import type { ReadinessStore, RefreshStore } from "../../store/types.js";
import type { Trial } from "./trial.js";
import { explainUntried } from "./untried.js";
import { createTrialVm, TRIAL_HOST, type TrialVm } from "./trial-vm.js";
import { createMigrationTrial, listKeepingTrials } from "./keeping.js";
import { createOkFinding, fail, warn, type Finding } from "./finding.js";
import { explainFailure } from "./statement-hints.js";
import { attemptIn, rehearse, type DataSource } from "./rehearsal.js";

/**
 * Tries every statement that a gateway runs on its own tables, with its own rights, and undoes all of it. Failures with
 * the same reason give one finding.
 */
export async function checkStatements(
  dataSource: DataSource,
  pendingMigrations: readonly string[] = [],
): Promise<Finding[]> {
  const [owner] = await queryRows<Owner>(dataSource, OWNERSHIP);
  const { role, schema, owns } = owner ?? { role: "", schema: "public", owns: true };
  const failures = await rehearse(dataSource, (rehearsal) => tryAll(rehearsal, pendingMigrations, owns));
  const found = [...failures].map(([reason, { trial, error }]) => {
    const untried = explainUntried(trial, error);
    if (untried !== null) return warn(CHECK, `${trial.what}: ${untried.reason}`, untried.mend);
    const tell = trial.isWarning === true ? warn : fail;
    return tell(CHECK, `${trial.what}: ${reason}`, explainFailure(error, { role, schema }, trial.hint));
  });
  if (!owns) {
    found.push(
      warn(
        CHECK,
        `role ${role} does not own the change log, and so cannot make and drop its partitions`,
        `ALTER TABLE vnic_graph_change OWNER TO ${role}, and so each of its partitions; or run \`vnic-graph migrate\` as ${role}`,
      ),
    );
  }
  if (found.length > 0) return found;
  const what = isUpgrade(dataSource, pendingMigrations)
    ? "the migrations that wait were tried, and undone; all else is tried when they have run"
    : "all that a gateway asks and writes was tried, and undone";
  return [createOkFinding(CHECK, what)];
}

/** Tells whether older tables wait for migrations, so that a gateway may be using them. */
function isUpgrade(dataSource: DataSource, pending: readonly string[]): boolean {
  return pending.length > 0 && pending.length < dataSource.migrations.length;
}

const CHECK = "statements";

interface Failure {
  readonly trial: Trial;
  readonly error: unknown;
}

async function tryAll(
  rehearsal: DataSource,
  pendingMigrations: readonly string[],
  isOwner: boolean,
): Promise<ReadonlyMap<string, Failure>> {
  const failures = new Map<string, Failure>();
  if (pendingMigrations.length > 0) {
    // New tables, which nobody uses yet, may stay for the next trials.
    const isOlder = isUpgrade(rehearsal, pendingMigrations);
    const trial = createMigrationTrial(rehearsal, pendingMigrations, isOlder);
    const error = await attemptIn(rehearsal, trial);
    if (error !== null) return failures.set(formatError(error), { trial, error });
    // On older tables nothing else can be tried.
    if (isOlder) return failures;
  }
  const vm = createTrialVm();
  const trials = [...listTrials(rehearsal, vm), ...listKeepingTrials(rehearsal, vm.id, isOwner)];
  for (const trial of trials) {
    const error = await attemptIn(rehearsal, trial);
    if (error === null) continue;
    const reason = formatError(error);
    // A trial that needs the result of one that failed says nothing new.
    if (error instanceof MissingTrialError || failures.has(reason)) continue;
    failures.set(reason, { trial, error });
  }
  return failures;
}

/** A trial that this one needs has failed. */
class MissingTrialError extends Error {
  override readonly name = "MissingTrialError";
}

function listTrials(rehearsal: DataSource, vm: TrialVm): readonly Trial[] {
  const store = createStore(rehearsal);
  const changes = createChangeLog(rehearsal);
  const claim = async () => {
    const claimed = await store.claim(TRIAL_HOST.id);
    if (claimed === null || "deferred" in claimed) throw new MissingTrialError();
    return claimed;
  };
  const write = async (
    values: Parameters<RefreshStore["apply"]>[1],
    visible: Parameters<RefreshStore["apply"]>[2],
  ) => {
    if (!(await store.apply(await claim(), values, visible))) throw new MissingTrialError();
  };
  // If the store has a method that is missing here, the compiler complains.
  const writing: Readonly<Record<keyof RefreshStore | keyof ReadinessStore, readonly Trial[]>> = {
    registerHosts: [
      { what: "registering a gateway", attempt: () => store.registerHosts([TRIAL_HOST], null) },
    ],
    renewRegistration: [{ what: "renewing its registration", attempt: () => store.renewRegistration() }],
    addHost: [{ what: "adding a host", attempt: () => store.addHost(TRIAL_HOST, 60_000) }],
    reconcileHosts: [{ what: "reconciling the list of hosts", attempt: () => store.reconcileHosts() }],
    listHosts: [{ what: "listing hosts", attempt: () => store.listHosts() }],
    listFailingHosts: [{ what: "listing failing hosts", attempt: () => store.listFailingHosts(60_000) }],
    renameHost: [
      { what: "renaming a host", attempt: () => store.renameHost(TRIAL_HOST.id, "doctor's host") },
    ],
    claim: [{ what: "claiming a host", attempt: claim }],
    apply: [
      { what: "storing a new VM", attempt: () => write(vm.created.changes, vm.created.findings) },
      { what: "storing what changed of a VM", attempt: () => write(vm.changed.changes, vm.changed.findings) },
      { what: "storing what is gone of a VM", attempt: () => write(vm.removed.changes, vm.removed.findings) },
    ],
    fail: [
      {
        what: "noting that a pass failed",
        attempt: async () => store.fail(await claim(), { kind: "internal", message: "-" }, 1),
      },
    ],
    releaseClaim: [{ what: "giving a host back", attempt: () => store.releaseClaim(TRIAL_HOST.id) }],
    readHostVms: [{ what: "reading a host's VMs", attempt: () => store.readHostVms(TRIAL_HOST.id, []) }],
    readVms: [{ what: "reading VMs to compare", attempt: () => store.readVms([vm.id]) }],
    readNicHolders: [{ what: "reading who has vNICs", attempt: () => store.readNicHolders([vm.nicId]) }],
    readPollingState: [{ what: "reading how hosts are polled", attempt: () => store.readPollingState() }],
    removeHost: [{ what: "removing a host", attempt: () => store.removeHost(TRIAL_HOST.id) }],
    endRegistration: [{ what: "ending the registration", attempt: () => store.endRegistration() }],
  };
  const reading: readonly Trial[] = [
    { what: "reading what clients ask for", attempt: () => tryReads(store) },
    { what: "reading the bounds of the past", attempt: () => store.readHistoryBounds() },
    { what: "reading VMs of the past", attempt: () => store.readVmVersionsAt([vm.id], new Date()) },
    {
      what: "reading changes of VMs",
      attempt: () => store.readVmChanges([vm.id], { from: null, to: null, after: null, limit: 1 }),
    },
    {
      what: "reading who had an address",
      attempt: () =>
        store.readAddressSpans({
          address: "192.0.2.1",
          macAddress: null,
          from: null,
          to: null,
          after: null,
          limit: 1,
        }),
    },
    { what: "following the change log", attempt: async () => (await changes.openTail()).read(10) },
    { what: "looking for edits by hand", attempt: () => readEdits(rehearsal) },
    { what: "keeping the index of addresses", attempt: () => changes.advanceAddressIndex() },
  ];
  return [...Object.values(writing).flat(), ...reading];
}

interface Owner {
  readonly role: string;
  readonly schema: string;
  readonly owns: boolean;
}

const OWNERSHIP = `
  SELECT quote_ident(current_user) AS role, quote_ident(coalesce(current_schema(), 'public')) AS schema,
    coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('vnic_graph_change')), true) AS owns`;
