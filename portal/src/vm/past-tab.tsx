import { Alert, Text } from "@mantine/core";
import { PastVmQuery } from "../api/past-queries.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { RouteLink } from "../shared/route-link.js";
import { formatExact } from "../shared/values/time.js";
import { useAnswer } from "../shared/answers/use-answer.js";
import { CompareWith, listMissing } from "./differs.js";
import { GuestOnly } from "./guest-only.js";
import { matchNics, type Device } from "./match-nics.js";
import { NicTable } from "./nic-table.js";
import { Loading } from "../shared/answers/loading.js";

/** Shows a VM's network interfaces as they were at a time, and marks what differs now. */
export function PastTab({
  id,
  at,
  now,
}: {
  readonly id: string;
  readonly at: string;
  /** The guest's interfaces as they are now; `null`: not known. */
  readonly now: readonly Device[] | null;
}) {
  const { data, problem, isLoading, reload } = useAnswer(PastVmQuery, { id, at });
  if (isLoading && data === null) return <Loading height={160} />;
  const vm = data?.vm ?? null;
  if (vm === null) return <ProblemNote problem={problem} onRetry={reload} />;
  const devices = vm.guestInfo?.networkDevices ?? null;
  const tab = matchNics(vm);
  const isKnown = vm.guestInfo !== null || vm.nics !== null;
  const why = isKnown ? null : explainUnknown(at, vm.guestHistory?.keptFrom ?? null, problem !== null);
  return (
    <>
      <Alert role="status" className="past" title={`As it was at ${formatExact(at)}`}>
        <RouteLink to={{ view: "vm", id, at: null }}>Show it as it is now</RouteLink>
        {isKnown && <Differences gone={listMissing(devices, now)} come={listMissing(now, devices)} />}
        {why !== null && <Text size="sm">{why}</Text>}
      </Alert>
      {why === null && <ProblemNote problem={problem} onRetry={reload} />}
      {isKnown && (
        <CompareWith devices={now}>
          <NicTable rows={tab.rows} areNicsKnown={vm.nics !== null} />
          <GuestOnly tab={tab} areKnown={devices !== null} />
        </CompareWith>
      )}
    </>
  );
}

/** Explains why nothing is known of a VM at a time; `null`: it could not be read, which another note says. */
function explainUnknown(at: string, keptFrom: string | null, isRefused: boolean): string | null {
  const time = new Date(at);
  if (time > new Date()) return "That time is still to come.";
  if (keptFrom !== null && time < new Date(keptFrom)) {
    return `Nothing is known of that time. The past is kept from ${formatExact(keptFrom)} on.`;
  }
  return isRefused ? null : "This VM was not known at that time.";
}

function Differences({ gone, come }: { readonly gone: readonly string[]; readonly come: readonly string[] }) {
  if (gone.length + come.length === 0) return <Text size="sm">All addresses are the same now.</Text>;
  return (
    <ul className="differences">
      {gone.map((text) => (
        <li key={`-${text}`}>not any more: {text}</li>
      ))}
      {come.map((text) => (
        <li key={`+${text}`}>new since then: {text}</li>
      ))}
    </ul>
  );
}
