import { Button, Skeleton, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useMutation, useQuery } from "urql";
import { readProblem, type Problem } from "../api/problem.js";
import { HostsQuery, RefreshHostMutation } from "../api/queries.js";
import { ProblemNote } from "../shared/problem-note.js";
import { Tag } from "../shared/tag.js";
import { Ago } from "../shared/time.js";
import { Status } from "../shared/status.js";

/** The hosts, with how their last poll ended. */
export function HostsView() {
  const [{ data, error, fetching }, ask] = useQuery({ query: HostsQuery });
  const [, refresh] = useMutation(RefreshHostMutation);
  const [busyId, setBusyId] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const reload = () => {
    ask({ requestPolicy: "network-only" });
  };
  const refreshNow = async (id: string) => {
    setBusyId(id);
    const answer = await refresh({ id });
    setProblem(readProblem(answer.error));
    setBusyId(null);
    reload();
  };
  if (data === undefined && fetching) return <Skeleton height={200} aria-label="Loading" />;
  const hosts = data?.hosts ?? [];
  return (
    <section aria-labelledby="hosts-title" className="view">
      <Title order={1} size="h2" id="hosts-title" mb="md">
        Hosts
      </Title>
      <ProblemNote problem={problem ?? readProblem(error)} onRetry={reload} />
      {hosts.length === 0 && error === undefined && (
        <Text>No host is polled. Set VDSM_HOSTS, or run `vnic-graph hosts add`.</Text>
      )}
      {hosts.length > 0 && (
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
                  <td>
                    <code>{host.address}</code>
                  </td>
                  <td>
                    <Status status={host.status} />
                    {host.polled === false && <Tag tone="warn">nobody polls it</Tag>}
                  </td>
                  <td>{host.lastSuccessAt === null ? "never" : <Ago at={host.lastSuccessAt} />}</td>
                  <td>{host.lastError ?? host.lastWarning ?? "none"}</td>
                  <td>
                    <Button
                      size="compact-sm"
                      variant="light"
                      loading={busyId === host.id}
                      aria-label={`Refresh now: ${host.name}`}
                      onClick={() => void refreshNow(host.id)}
                    >
                      Refresh now
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
