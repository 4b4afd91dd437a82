import { isAscii } from "node:buffer";
import { hash } from "node:crypto";
import { parseHostReport } from "./host-report.js";
import { diffVms, type KnownVms } from "./scan-diff.js";
import { JsonBytes, skipBlanks } from "./scan-json.js";
import { RecordParts } from "./scan-record.js";
import type { RejectedVm, ReportedVm } from "./types.js";

/** How an answer of `Host.getAllVmStats` differs from the last one that was kept. */
export interface ScannedReport {
  /** Nothing was kept, or nothing could be compared: `vms` are all VMs, and who is gone only the caller can tell. */
  readonly isWhole: boolean;
  /** VMs that are new or reported otherwise than in the kept answer, in the answer's order. */
  readonly vms: readonly ReportedVm[];
  /** All VMs that cannot be read in this answer, changed or not. */
  readonly rejected: readonly RejectedVm[];
  /** VMs of the kept answer that are not in this one. */
  readonly removed: readonly string[];
  /** VMs reported exactly as in the kept answer. */
  readonly unchanged: number;
  /** For {@link ReportMemory.keep}; `null`: the next answer cannot be compared with this one. */
  readonly known: KnownVms | null;
}

/**
 * Remembers one host's last answer in 32 bytes a VM, so that the next is parsed only where it differs. The counters in an
 * answer move with every poll, what we read hardly ever. Every byte is still checked to be JSON, at a third of the cost
 * of parsing; whatever VDSM would not write is left to {@link parseHostReport}, so both always say the same.
 */
export class ReportMemory {
  private kept: KnownVms | null = null;

  /** Reads an answer and compares it with the kept one; throws what {@link parseHostReport} throws. */
  read(body: Buffer): ScannedReport {
    if (!scanRecords(body)) return plainly(body);
    const { kept } = this;
    const digest = hash("sha256", parts.all, "buffer");
    if (kept !== null && digest.equals(kept.digest)) {
      const { rejected } = kept;
      return {
        isWhole: false,
        vms: [],
        rejected,
        removed: [],
        unchanged: kept.count - rejected.length,
        known: kept,
      };
    }
    const difference = diffVms(parts, digest, kept);
    return difference === null ? plainly(body) : { isWhole: kept === null, ...difference };
  }

  /** To be called once all that an answer means has been stored: the next is compared with this one. */
  keep(scanned: ScannedReport): void {
    this.kept = scanned.known;
  }

  /** The next answer counts as new in all its parts, because what is stored may no longer be what was kept. */
  forget(): void {
    this.kept = null;
  }
}

function plainly(body: Buffer): ScannedReport {
  return { isWhole: true, ...parseHostReport(body), removed: [], unchanged: 0, known: null };
}

/** Fills `parts` with the records of an answer as VDSM writes it; `false` if it is any other. */
function scanRecords(body: Buffer): boolean {
  parts.clear();
  if (!isAscii(body)) return false;
  const head = VDSM_RESULT.exec(body.toString("latin1", 0, PEEK_BYTES));
  if (head === null) return false;
  const json = new JsonBytes(body);
  let at = skipBlanks(body, head[0].length);
  if (body[at] !== CLOSE_BRACKET) {
    for (;;) {
      at = parts.add(json, at);
      if (at < 0) return false;
      at = skipBlanks(body, at);
      if (body[at] !== COMMA) break;
      at = skipBlanks(body, at + 1);
    }
  }
  return body[at] === CLOSE_BRACKET && body[at + 1] === CLOSE_BRACE && at + 2 === body.length;
}

/** Shared by all hosts: filled and emptied within one call. */
const parts = new RecordParts();

const PEEK_BYTES = 160;

/** How VDSM begins an answer; a reply in any other form is parsed. */
const VDSM_RESULT = /^\{"jsonrpc": ?"2\.0", ?"id": ?"[ !#-[\]-~]{1,64}", ?"result": ?\[/;

const COMMA = 0x2c;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
