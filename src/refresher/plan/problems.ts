import type { RecordProblem } from "../../vdsm/records/values.js";
import { toStorableText } from "./text.js";

/** Formats the problems of a VM's record in one line of bounded length; `null` if there are none. */
export function formatProblems(problems: readonly RecordProblem[]): string | null {
  if (problems.length === 0) return null;
  const first = problems.slice(0, MAX_SHOWN).map(({ field, reason }) => `${field} ${reason}`);
  const rest = problems.length - first.length;
  return toStorableText(rest > 0 ? `${first.join("; ")}; and ${rest} more` : first.join("; "));
}

const MAX_SHOWN = 5;
