import { Tag, type Tone } from "./tag.js";

/** Shows the state of a VM or a host. */
export function Status({ status }: { readonly status: string | null }) {
  return <Tag tone={TONES[status ?? ""] ?? "calm"}>{formatStatus(status)}</Tag>;
}

/** Formats a state of the graph for people: `POWERING_UP` becomes `powering up`. */
function formatStatus(status: string | null): string {
  return (status ?? "unknown").toLowerCase().replaceAll("_", " ");
}

const TONES: Readonly<Record<string, Tone>> = {
  UP: "good",
  NOT_RESPONDING: "bad",
  NON_RESPONSIVE: "bad",
  ERROR: "bad",
  PAUSED: "warn",
  SUSPENDED: "warn",
  INITIALIZING: "busy",
  MIGRATING_FROM: "busy",
  MIGRATING_TO: "busy",
  POWERING_UP: "busy",
  REBOOT_IN_PROGRESS: "busy",
};
