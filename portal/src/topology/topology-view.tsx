import "./topology.css";
import { Group, Text } from "@mantine/core";
import { useMemo } from "react";
import { LeavingButton } from "../shared/answers/leaving-button.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { RouteLink } from "../shared/route-link.js";
import { buildTopology } from "./build-topology.js";
import { NetworkCard } from "./network-card.js";
import { usePlacedVms } from "./use-placed-vms.js";
import { Loading } from "../shared/answers/loading.js";
import { ViewTitle } from "../shared/view-title.js";
import { formatNumber } from "../shared/values/format-number.js";

/** Shows the networks with their hosts and VMs. VMs of one network can reach each other. */
export function TopologyView({ network }: { readonly network: string | null }) {
  const { vms, isLoading, hasMore, problem, readMore, reload } = usePlacedVms();
  const groups = useMemo(() => buildTopology(vms), [vms]);
  const shown = network === null ? groups : groups.filter(({ name }) => name === network);
  const count = formatCount(vms.length, groups.filter(({ name }) => name !== null).length, isLoading);
  return (
    <section aria-labelledby="topology-title" className="view">
      <ViewTitle id="topology-title" text={network === null ? "Topology" : `Who can meet on ${network}`} />
      <Text size="sm" mb="xs">
        VMs of one network can meet, whatever their host. A VM on two networks stands in both.
      </Text>
      {network !== null && <RouteLink to={{ view: "topology", network: null }}>All networks</RouteLink>}
      <ProblemNote problem={problem} onRetry={reload} />
      <Group my="xs" gap="sm">
        <Text role="status" aria-label={count} size="sm" className="faint" data-home tabIndex={-1}>
          {count}
        </Text>
        {hasMore && (
          <LeavingButton size="compact-xs" variant="light" aria-busy={isLoading} onClick={readMore}>
            There are more VMs: read on
          </LeavingButton>
        )}
      </Group>
      {isLoading && vms.length === 0 && <Loading height={240} />}
      {!isLoading && shown.length === 0 && problem === null && (
        <Text>{network === null ? "No VM is known." : "No VM that you may see is on this network."}</Text>
      )}
      <div className="networks">
        {shown.map((group) => (
          <NetworkCard key={group.name ?? ""} group={group} isOpen={network !== null} />
        ))}
      </div>
    </section>
  );
}

function formatCount(vms: number, networks: number, isLoading: boolean): string {
  const text = `${formatNumber(vms)} ${vms === 1 ? "VM" : "VMs"} on ${formatNumber(networks)} ${networks === 1 ? "network" : "networks"}`;
  return isLoading ? `${text} so far…` : text;
}
