import { NativeSelect, Text } from "@mantine/core";
import { DriftQuery } from "../api/finding-queries.js";
import { listNews } from "../live/subjects.js";
import { useEventsBehind } from "../live/use-events-behind.js";
import { navigate } from "../navigation.js";
import { DRIFT_KINDS, type DriftKind } from "../route.js";
import { Address } from "../shared/values/address.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { RouteLink } from "../shared/route-link.js";
import { usePages } from "../shared/answers/use-pages.js";
import { MoreButton } from "../shared/answers/more-button.js";
import { TableHead } from "../shared/table-head.js";
import { Loading } from "../shared/answers/loading.js";
import { ViewTitle } from "../shared/view-title.js";
import { formatNumber } from "../shared/values/format-number.js";

/** Entries that are shown at first, and added with each "Show more". */
const SIZE = 200;

/** The changes after which there may be other drift. */
const NEWS = listNews({
  kinds: [
    ...(["DEVICE_APPEARED", "DEVICE_CHANGED", "DEVICE_DISAPPEARED", "DEVICE_RENAMED"] as const),
    ...(["ADDRESS_ADDED", "ADDRESS_REMOVED"] as const),
    ...(["NICS_TOLD", "NIC_APPEARED", "NIC_CHANGED", "NIC_DISAPPEARED"] as const),
    ...(["VM_APPEARED", "VM_FORGOTTEN", "VM_RENAMED", "VM_STATUS_CHANGED"] as const),
  ],
});

/** What does not fit between the vNICs and the guests' interfaces, by kind. */
export function DriftView({ kind }: { readonly kind: DriftKind | null }) {
  const {
    list: drift,
    problem,
    isLoading,
    reload,
    reloadSoon,
    showMore,
  } = usePages(
    DriftQuery,
    { kinds: kind === null ? null : [kind] },
    { size: SIZE, pick: (data) => data.drift },
  );
  useEventsBehind({ data: drift, problem }, NEWS, { onEvent: reloadSoon, readAgain: reloadSoon });
  return (
    <section aria-labelledby="drift-title" className="view">
      <ViewTitle id="drift-title" text="Drift" />
      <NativeSelect
        label="Show"
        mb="sm"
        maw={420}
        value={kind ?? ""}
        data={[
          { value: "", label: "everything" },
          ...DRIFT_KINDS.map((each) => ({ value: each, label: MEANINGS[each] })),
        ]}
        onChange={({ currentTarget: { value } }) => {
          navigate({ view: "drift", kind: DRIFT_KINDS.find((each) => each === value) ?? null });
        }}
      />
      <ProblemNote problem={problem} onRetry={reload} />
      {isLoading && drift === null && <Loading height={160} />}
      {drift !== null && (
        <Text role="status" size="sm" mb="xs" className="faint">
          {formatCount(drift.totalCount, drift.nodes.length)}
        </Text>
      )}
      {drift !== null && drift.nodes.length > 0 && (
        <div className="wide">
          <table className="nics">
            <TableHead titles={["VM", "What does not fit", "vNIC", "In the guest"]} />
            <tbody>
              {drift.nodes.map(({ kind: what, vm, vmNic, device }, position) => (
                <tr key={position}>
                  <th scope="row" data-label="VM">
                    {vm === null ? (
                      "just gone"
                    ) : (
                      <RouteLink to={{ view: "vm", id: vm.id, at: null }}>{vm.name}</RouteLink>
                    )}
                  </th>
                  <td data-label="What">{MEANINGS[what]}</td>
                  <td data-label="vNIC">
                    <NameAndMac thing={vmNic} />
                  </td>
                  <td data-label="In the guest">
                    <NameAndMac thing={device} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MoreButton
        count={drift?.nodes.length ?? 0}
        hasMore={drift?.hasMore === true}
        onMore={showMore}
        name="of what does not fit"
      />
    </section>
  );
}

function NameAndMac({
  thing,
}: {
  readonly thing: { readonly name: string | null; readonly macAddress: string | null } | null;
}) {
  if (thing === null) return <span className="faint">none</span>;
  return (
    <>
      {thing.name ?? "without a name"} {thing.macAddress !== null && <Address text={thing.macAddress} />}
    </>
  );
}

function formatCount(total: number | null, shown: number): string {
  if (shown === 0) return "Everything fits.";
  if (total === null) return `The first ${shown}.`;
  return total === shown ? `${total} in all.` : `The first ${shown} of ${formatNumber(total)}.`;
}

const MEANINGS: Readonly<Record<DriftKind, string>> = {
  NIC_NOT_SHOWN: "a vNIC that the guest does not show",
  NIC_MAC_DIFFERS: "a vNIC that has another MAC in the guest",
  DEVICE_BRIDGE: "a bridge without a vNIC",
  DEVICE_BOND: "a bond without a vNIC",
  DEVICE_VLAN: "a VLAN with a MAC of its own",
  DEVICE_CONTAINER: "an interface of containers or inner VMs",
  DEVICE_VPN: "an interface of a private network",
  DEVICE_UNKNOWN: "another interface without a vNIC",
};
