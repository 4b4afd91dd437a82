import { Tooltip } from "@mantine/core";
import { ALL_WAYS } from "../all-ways.js";
import { Tag } from "./tag.js";
import { Ago } from "./time.js";

/** The fields of a guest that say how fresh its data are. */
export interface Freshness {
  readonly stale: boolean;
  readonly staleReason: string | null;
  readonly staleDetail: string | null;
  readonly lastReportedAt: string | null;
}

/** Shows whether a guest's data are current, or since when and why they are not. */
export function FreshnessNote({ guest }: { readonly guest: Freshness | null }) {
  if (guest === null) return <Tag tone="calm">not known</Tag>;
  if (!guest.stale) return <Tag tone="good">current</Tag>;
  const meaning = REASONS[guest.staleReason ?? ""] ?? "The data are older than they should be.";
  const reason = guest.staleDetail === null ? meaning : `${meaning} ${guest.staleDetail}`;
  return (
    <Tooltip label={reason} multiline maw={320} events={ALL_WAYS}>
      <span tabIndex={0} role="note" aria-label={`stale: ${reason}`}>
        <Tag tone="warn">
          stale{guest.lastReportedAt === null ? "" : <Ago at={guest.lastReportedAt} prefix=" · " />}
        </Tag>
      </span>
    </Tooltip>
  );
}

/** Explains each reason of the graph to people. */
const REASONS: Readonly<Record<string, string>> = {
  AGENT_ABSENT: "The guest has reported nothing since the VM started: no guest agent runs, or not yet.",
  AGENT_SILENT: "The guest agent used to report and is silent now. These are its last data.",
  REPORT_INVALID: "The host's record of this VM cannot be read. These are the last data that could be.",
  VM_MISSING: "The host did not report this VM when it was last asked.",
  HOST_UNREACHABLE: "The VM's host does not answer. These are its last data.",
  HOST_FAILED: "The VM's host answers with an error. These are its last data.",
  HOST_RECOVERING: "VDSM has just started on the VM's host.",
  REFRESH_OVERDUE: "Nobody has asked the VM's host for two intervals.",
};
