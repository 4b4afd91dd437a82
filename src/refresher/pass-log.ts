import type { HostFailure } from "../store/types.js";
import type { PassResult } from "./pass.js";

/** Receives the refresher's events, such as a logger of pino. */
export interface RefresherLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Writes one log line for each pass. An outage of the database concerns all hosts, so it writes one line when the outage
 * begins and one when it ends. It also writes a line when a failed host answers again.
 */
export class PassLog {
  private isDatabaseLost = false;
  /** Hosts whose last pass failed by the database. */
  private readonly notStored = new Set<string>();
  private readonly withoutInventory = new Set<string>();
  /** Hosts whose last answer had records that name no VM. */
  private readonly withRejected = new Set<string>();
  /** Hosts that were logged as removed. Their passes go on until the list of hosts is read again. */
  private readonly removed = new Set<string>();

  /** Hosts whose last pass was superseded. It is tried again soon, so a lock of a minute would be told a hundred times. */
  private readonly superseded = new Set<string>();
  /** Hosts that must rest. */
  private readonly resting = new Set<string>();
  /** For each host whose last pass failed: how many passes in a row failed. */
  private readonly failures = new Map<string, number>();

  constructor(private readonly log: RefresherLog) {}

  write(result: PassResult): void {
    this.writeDatabase(result);
    this.writeInventory(result);
    this.writeReturn(result);
    this.writeProblems(result);
    this.writeRest(result);
    const { host, outcome, failure, durationMs } = result;
    const fields = { host: host.name, hostId: host.id, durationMs };
    if (failure === null) this.writeEnd(result, fields);
    else if (failure.kind === "aborted") this.log.debug(fields, "pass stopped");
    else if (failure.kind === "internal")
      this.log.error({ ...fields, ...formatReason(failure) }, `pass ${outcome}`);
    else if (failure.kind !== "database")
      this.log.warn({ ...fields, ...formatReason(failure) }, `pass ${outcome}`);
  }

  /** Forgets a host that is no longer polled. If it comes back, everything about it is reported again. */
  forget(hostId: string): void {
    this.notStored.delete(hostId);
    this.superseded.delete(hostId);
    this.failures.delete(hostId);
    this.resting.delete(hostId);
    this.withoutInventory.delete(hostId);
    this.withRejected.delete(hostId);
    this.removed.delete(hostId);
  }

  private writeEnd(result: PassResult, fields: object): void {
    const { outcome, vms, rejectedVms, changedVms, added, changed, removed } = result;
    if (outcome === "removed") {
      if (!this.removed.has(result.host.id))
        this.log.info(fields, "pass skipped: the host was removed elsewhere");
      this.removed.add(result.host.id);
      return;
    }
    this.removed.delete(result.host.id);
    if (outcome === "deferred") {
      this.log.debug(fields, "pass deferred: another gateway polls this host");
      return;
    }
    if (outcome === "superseded") {
      if (this.superseded.has(result.host.id)) this.log.debug(fields, "pass superseded again");
      else this.log.info(fields, "pass superseded: somebody else had this host or one of its VMs meanwhile");
      this.superseded.add(result.host.id);
      return;
    }
    this.superseded.delete(result.host.id);
    const counts = { ...fields, vms, rejectedVms, changedVms, added, changed, removed };
    if (changedVms > 0) this.log.info(counts, "pass done");
    else this.log.debug(counts, "pass done, nothing changed");
  }

  /** Logs that a host answers again, even if nothing changed meanwhile. */
  private writeReturn({ host, outcome, failure }: PassResult): void {
    if (outcome === "failed" && failure?.kind !== "database" && failure?.kind !== "aborted") {
      this.failures.set(host.id, (this.failures.get(host.id) ?? 0) + 1);
    } else if (outcome === "done") {
      const failedPasses = this.failures.get(host.id);
      this.failures.delete(host.id);
      if (failedPasses !== undefined)
        this.log.info({ host: host.name, hostId: host.id, failedPasses }, "host answers again");
    }
  }

  /** Logs that a host must rest, and later that it need not rest any more. */
  private writeRest({ host, outcome, restMs }: PassResult): void {
    const fields = { host: host.name, hostId: host.id };
    if (restMs > 0 && !this.resting.has(host.id)) {
      this.resting.add(host.id);
      this.log.warn(
        { ...fields, restMs },
        "host's answers take more of this process than one host may; it is polled less often",
      );
    } else if (restMs === 0 && outcome === "done" && this.resting.delete(host.id)) {
      this.log.info(fields, "host is polled at all its turns again");
    }
  }

  /**
   * The outage is over when no host's last pass failed by it. Passes that have nothing to write may succeed while others fail,
   * for example if a right was taken away.
   */
  private writeDatabase({ host, outcome, deferral, failure }: PassResult): void {
    if (failure?.kind === "database") {
      this.notStored.add(host.id);
      if (!this.isDatabaseLost) {
        this.log.error(
          formatReason(failure),
          "passes cannot use the database; they are tried again until they can",
        );
      }
      this.isDatabaseLost = true;
      return;
    }
    // A fresh host, or one that somebody else had meanwhile, was written by another gateway.
    if (outcome !== "deferred" || deferral === "fresh") this.notStored.delete(host.id);
    if (!this.isDatabaseLost || outcome !== "done" || this.notStored.size > 0) return;
    this.log.info({}, "passes can use the database again");
    this.isDatabaseLost = false;
  }

  /**
   * Writes one line when a VM's report becomes wrong, and one when it is right again. If there are many, the line has
   * the first and their number.
   */
  private writeProblems({ host, outcome, newProblems, endedProblems, rejectedRecords }: PassResult): void {
    if (outcome !== "done") return;
    const fields = { host: host.name, hostId: host.id };
    for (const [vmId, problem] of [...newProblems].slice(0, MAX_LINES)) {
      this.log.warn(
        { ...fields, vmId, problem },
        "a VM's report is wrong; what cannot be read of it stays as it was",
      );
    }
    if (newProblems.size > MAX_LINES) {
      this.log.warn({ ...fields, vms: newProblems.size - MAX_LINES }, "the reports of more VMs are wrong");
    }
    for (const vmId of endedProblems.slice(0, MAX_LINES)) {
      this.log.info({ ...fields, vmId }, "a VM's report is right again");
    }
    if (endedProblems.length > MAX_LINES) {
      this.log.info(
        { ...fields, vms: endedProblems.length - MAX_LINES },
        "the reports of more VMs are right again",
      );
    }
    this.writeRejected(fields, host.id, rejectedRecords);
  }

  /** Logs records that name no VM. */
  private writeRejected(fields: object, hostId: string, rejected: readonly string[]): void {
    const [reason] = rejected;
    if (reason === undefined) {
      if (this.withRejected.delete(hostId))
        this.log.info(fields, "all records of the host's answer can be read again");
    } else if (!this.withRejected.has(hostId)) {
      this.withRejected.add(hostId);
      this.log.warn(
        { ...fields, records: rejected.length, reason },
        "records of the host's answer cannot be read; VMs that are missing from it keep their data",
      );
    }
  }

  private writeInventory({ host, outcome, inventoryFailure }: PassResult): void {
    if (outcome !== "done") return;
    if (inventoryFailure === null) {
      if (this.withoutInventory.delete(host.id))
        this.log.info({ host: host.name, hostId: host.id }, "host reports its VMs' NICs again");
    } else if (!this.withoutInventory.has(host.id)) {
      this.withoutInventory.add(host.id);
      const fields = { host: host.name, hostId: host.id, reason: inventoryFailure };
      this.log.warn(
        fields,
        "host does not report its VMs' NICs; the stored ones stay, and it is asked at every pass",
      );
    }
  }
}

/** The highest number of lines about one host in one pass. */
const MAX_LINES = 10;

function formatReason({ kind, message, detail }: HostFailure) {
  return detail === undefined ? { kind, reason: message } : { kind, reason: message, detail };
}
