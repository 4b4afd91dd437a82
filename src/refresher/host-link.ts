import type { ReportedNic } from "../vdsm/records/types.js";
import type { VdsmClient } from "../vdsm/vdsm-client.js";
import { HostError } from "../vdsm/errors.js";
import { ReportMemory } from "../vdsm/scan/scan.js";
import type { ConfiguredHost, RefreshStore } from "../store/types.js";
import { cutText, toStorableText } from "./plan/text.js";

/** Answers about vNICs, and why some are missing. */
export interface NicAnswers {
  readonly nics: ReadonlyMap<string, readonly ReportedNic[]>;
  readonly failure: string | null;
}

/** A host, the client that asks it, and what was learnt about it over that connection. */
export class HostLink {
  /** VMs whose change may have been committed without being published, because the database's word got lost. */
  readonly unpublished = new Set<string>();
  /** What the host reported at the last pass that was written. */
  readonly reports = new ReportMemory();
  private isNamed = false;
  /** As the store was last told; `null`: not by this process, and what it knows may be an earlier one. */
  private name: string | null = null;
  private isLegacy = false;

  constructor(
    readonly host: ConfiguredHost,
    readonly vdsm: VdsmClient,
  ) {}

  /** The vNICs of these VMs, as far as the host tells them; what is missing is no reason to lose the guests' data. */
  async nicsOf(vmIds: readonly string[], signal: AbortSignal): Promise<NicAnswers> {
    const nics = new Map<string, readonly ReportedNic[]>();
    let failure: string | null = null;
    for (let from = 0; from < vmIds.length; from += VMS_A_CALL) {
      try {
        const answer = await this.askNics(vmIds.slice(from, from + VMS_A_CALL), signal);
        for (const [vmId, reported] of answer) nics.set(vmId, reported);
      } catch (error) {
        if (!(error instanceof HostError) || error.kind === "aborted") throw error;
        failure ??= error.message;
        // One part that is refused must not keep the others from being told; a host that does not answer is asked no more.
        if (error.kind !== "fault") break;
      }
    }
    return { nics, failure };
  }

  /** Stores the host's own name, asked for once until the host fails; not knowing it is no failure. */
  async learnName(store: RefreshStore, signal: AbortSignal): Promise<void> {
    if (this.isNamed) return;
    try {
      const { hostname } = await this.vdsm.getCapabilities(signal);
      const name = cutText(toStorableText(hostname ?? ""), HOST_NAME_LENGTH);
      if (name !== "" && name !== this.name) {
        await store.renameHost(this.host.id, name);
        this.name = name;
      }
      this.isNamed = true;
    } catch (error) {
      // A host that refuses the question refuses it always, and no pass is to wait a whole deadline for a name again.
      // Anything else is asked again after the next pass.
      this.isNamed = error instanceof HostError && (error.kind === "fault" || error.kind === "timeout");
    }
  }

  /** After a failure the host may be another release under another name. */
  unlearn(): void {
    this.isNamed = false;
    this.isLegacy = false;
  }

  private async askNics(vmIds: readonly string[], signal: AbortSignal) {
    if (!this.isLegacy) {
      try {
        return await this.vdsm.dumpxmls(vmIds, signal);
      } catch (error) {
        if (!(error instanceof HostError) || error.code !== METHOD_NOT_FOUND) throw error;
        this.isLegacy = true;
      }
    }
    return this.vdsm.getVMFullList(vmIds, signal);
  }
}

/** `vds_static.vds_name` is varchar(255). A name that it cannot hold would fail those of other hosts, stored with it. */
const HOST_NAME_LENGTH = 255;

/**
 * A domain's XML is about 10 kB, and reading one takes a quarter of a millisecond; after a restart of vdsmd all VMs of a
 * host are asked for, which would be too much for one answer.
 */
const VMS_A_CALL = 100;

/** JSON-RPC's code for a verb that the release does not have: before 4.2 there is no `Host.dumpxmls`. */
const METHOD_NOT_FOUND = -32601;
