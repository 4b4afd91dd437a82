import { Title } from "@mantine/core";
import { useId, useState } from "react";
import { MoreButton } from "../shared/answers/more-button.js";
import { RouteLink } from "../shared/route-link.js";
import { Status } from "../shared/values/status.js";
import type { HostGroup, Member, NetworkGroup } from "./build-topology.js";
import { formatNumber } from "../shared/values/format-number.js";

/** VMs of one host that are shown at first, and added with each step. */
const STEP = 200;

/** Shows one network: how many VMs can reach each other there, which other networks they are on, and its VMs by host. */
export function NetworkCard({ group, isOpen }: { readonly group: NetworkGroup; readonly isOpen: boolean }) {
  const { name, vmCount, reachableCount, hosts, bridges } = group;
  const titleId = useId();
  return (
    <article className="network" aria-labelledby={titleId}>
      <Title order={2} size="h4" id={titleId}>
        {name === null ? (
          "On no known network"
        ) : (
          <RouteLink to={{ view: "topology", network: name }}>{name}</RouteLink>
        )}
      </Title>
      <p className="meet">
        <strong>{formatVms(vmCount)}</strong>
        {name !== null && reachableCount < vmCount && `, ${formatNumber(reachableCount)} connected now`}
      </p>
      {bridges.length > 0 && (
        <p className="bridges">
          Some are also on{" "}
          {bridges.map(({ network, vmCount: shared }, at) => (
            <span key={network}>
              {at > 0 && ", "}
              <RouteLink to={{ view: "topology", network }}>{network}</RouteLink> ({shared})
            </span>
          ))}
        </p>
      )}
      {hosts.map((host) => (
        <HostFold key={host.id ?? ""} host={host} of={vmCount} startsOpen={isOpen} />
      ))}
    </article>
  );
}

/** Shows the VMs of one host, folded. They are in the document only after it was opened. */
function HostFold({
  host,
  of,
  startsOpen,
}: {
  readonly host: HostGroup;
  readonly of: number;
  readonly startsOpen: boolean;
}) {
  const [isOpen, setIsOpen] = useState(startsOpen);
  const [shown, setShown] = useState(STEP);
  const { members } = host;
  return (
    <details
      open={isOpen}
      onToggle={(event) => {
        setIsOpen(event.currentTarget.open);
      }}
    >
      <summary>
        <span className="host-name">{host.name ?? "on no host"}</span>{" "}
        <span>{formatVms(members.length)}</span>
        <span aria-hidden className="share" style={{ width: `${(100 * members.length) / of}%` }} />
      </summary>
      {isOpen && (
        <ul>
          {members.slice(0, shown).map((member) => (
            <MemberLine key={member.vm.id} member={member} />
          ))}
        </ul>
      )}
      <MoreButton
        size="compact-xs"
        count={Math.min(shown, members.length)}
        hasMore={isOpen && shown < members.length}
        onMore={() => {
          setShown(shown + STEP);
        }}
        text={`Show more of ${formatNumber(members.length)}`}
      />
    </details>
  );
}

function MemberLine({ member: { vm, isReachable, alsoOn } }: { readonly member: Member }) {
  return (
    <li>
      <RouteLink to={{ view: "vm", id: vm.id, at: null }}>{vm.name ?? vm.id}</RouteLink>{" "}
      {vm.status === "UP" ? (
        !isReachable && <span className="faint">not connected</span>
      ) : (
        <Status status={vm.status} />
      )}
      {alsoOn.length > 0 && <span className="faint"> also on {alsoOn.join(", ")}</span>}
    </li>
  );
}

function formatVms(count: number): string {
  return count === 1 ? "1 VM" : `${formatNumber(count)} VMs`;
}
