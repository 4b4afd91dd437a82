import { Button, Text } from "@mantine/core";
import { useLiveState } from "../live/use-events.js";
import { Gentle } from "../shared/gentle.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { Tag } from "../shared/values/tag.js";
import { Ago } from "../shared/values/time.js";
import { Status } from "../shared/values/status.js";
import type { Host } from "./merge-hosts.js";
import { useHosts } from "./use-hosts.js";
import { useRefresh } from "./use-refresh.js";
import { Loading } from "../shared/answers/loading.js";
import { ViewTitle } from "../shared/view-title.js";

/** The hosts, with how their last poll ended. */
export function HostsView() {
  const { hosts, problem, isLoading, reload } = useHosts();
  const isLive = useLiveState() === "live";
  const { busyId, failure, refusal, refreshNow } = useRefresh(reload);
  if (hosts === null && isLoading) return <Loading height={200} />;
  return (
    <section aria-labelledby="hosts-title" className="view">
      <ViewTitle id="hosts-title" text="Hosts" />
      <ProblemNote problem={problem} onRetry={reload} />
      <ProblemNote problem={failure} onRetry={reload} />
      <Text role="status" size="sm" className="faint" id="refusal">
        {refusal !== null && `You may not refresh hosts: ${refusal}`}
      </Text>
      <Text role="status" className="visually-hidden">
        {hosts !== null && describeHosts(hosts)}
      </Text>
      {hosts?.length === 0 && problem === null && (
        <Text>No host is polled. Set VDSM_HOSTS, or run `vnic-graph hosts add`.</Text>
      )}
      {hosts !== null && hosts.length > 0 && (
        <div className="wide">
          <table className="nics">
            <thead>
              <tr>
                {["Name", "Address", "Status", "Last answer", "Last failure or warning", ""].map((title) => (
                  <th key={title} scope="col">
                    {title === "" ? <span className="visually-hidden">Actions</span> : title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {hosts.map((host) => (
                <tr key={host.id}>
                  <th scope="row">{host.name}</th>
                  <td data-label="Address">
                    <code>{host.address}</code>
                  </td>
                  <td data-label="Status">
                    <Gentle value={host.status}>
                      <Status status={host.status} />
                    </Gentle>
                    {host.polled === false && <Tag tone="warn">nobody polls it</Tag>}
                  </td>
                  <td data-label="Last answer">
                    <LastAnswer host={host} isLive={isLive} />
                  </td>
                  <td data-label="Last failure or warning">{host.lastError ?? host.lastWarning ?? "none"}</td>
                  <td>
                    <Button
                      // A disabled button would lose the focus, even while it loads. This one keeps it, and explains
                      // why it does nothing.
                      aria-disabled={refusal !== null}
                      {...(refusal !== null && { "data-disabled": true })}
                      aria-describedby={refusal === null ? undefined : "refusal"}
                      size="compact-sm"
                      variant="light"
                      aria-busy={busyId === host.id}
                      aria-label={`Refresh now: ${host.name}`}
                      onClick={() => void refreshNow(host.id)}
                    >
                      {busyId === host.id ? "Refreshing…" : "Refresh now"}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** Describes the states of the hosts in one sentence. Screen readers read a change of it aloud. */
function describeHosts(hosts: readonly Host[]): string {
  const down = hosts.filter(({ status }) => status !== "UP").map(({ name }) => name);
  if (down.length === 0) return `All hosts answer: ${hosts.length}.`;
  const named = down.slice(0, MOST_NAMED).join(", ");
  return `Not up: ${named}${down.length > MOST_NAMED ? ` and ${down.length - MOST_NAMED} others` : ""}.`;
}

/** The most names that are read aloud. */
const MOST_NAMED = 5;

/**
 * Shows when the host last answered. While it continues to answer there are no events; the page only gets one when that
 * ends.
 */
function LastAnswer({ host, isLive }: { readonly host: Host; readonly isLive: boolean }) {
  if (host.lastSuccessAt === null) return "never";
  const isAnswering = isLive && host.status === "UP" && host.polled === true;
  return (
    <>
      <Ago at={host.lastSuccessAt} />
      {isAnswering && ", and each time since"}
    </>
  );
}
