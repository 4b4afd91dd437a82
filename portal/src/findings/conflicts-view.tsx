import { Text, Title } from "@mantine/core";
import { AddressConflictsQuery, MacConflictsQuery } from "../api/finding-queries.js";
import { listNews } from "../live/subjects.js";
import { useEventsBehind } from "../live/use-events-behind.js";
import { Address } from "../shared/values/address.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { RouteLink } from "../shared/route-link.js";
import { Tag } from "../shared/values/tag.js";
import { usePages, type Pages } from "../shared/answers/use-pages.js";
import { MoreButton } from "../shared/answers/more-button.js";
import { TableHead } from "../shared/table-head.js";
import { Loading } from "../shared/answers/loading.js";
import { ViewTitle } from "../shared/view-title.js";

/** Conflicts of each kind that are shown at first, and added with each "Show more". */
const SIZE = 100;

/** The changes after which a vNIC may have another MAC, or a VM another name. */
const MAC_KINDS = [
  ...(["NICS_TOLD", "NIC_APPEARED", "NIC_CHANGED", "NIC_DISAPPEARED"] as const),
  ...(["VM_APPEARED", "VM_FORGOTTEN", "VM_RENAMED", "VM_STATUS_CHANGED"] as const),
];

const MAC_NEWS = listNews({ kinds: MAC_KINDS });
const ADDRESS_NEWS = listNews({
  kinds: [...MAC_KINDS, "ADDRESS_ADDED", "ADDRESS_LIST_CHANGED", "ADDRESS_REMOVED", "DEVICE_RENAMED"],
});

/** Addresses that several VMs have, and MACs that several vNICs have. */
export function ConflictsView() {
  const ofAddresses = usePages(
    AddressConflictsQuery,
    {},
    { size: SIZE, pick: (data) => data.addressConflicts },
  );
  const ofMacs = usePages(MacConflictsQuery, {}, { size: SIZE, pick: (data) => data.macConflicts });
  const [addresses, macs] = [ofAddresses.list, ofMacs.list];
  useListNews(ofAddresses, ADDRESS_NEWS);
  useListNews(ofMacs, MAC_NEWS);
  return (
    <section aria-labelledby="conflicts-title" className="view">
      <ViewTitle id="conflicts-title" text="Conflicts" />
      <ProblemNote
        // If one list cannot be read, the other mostly cannot either, so this is shown once.
        problem={ofAddresses.problem ?? ofMacs.problem}
        onRetry={() => {
          for (const list of [ofAddresses, ofMacs]) if (list.problem !== null) list.reload();
        }}
      />
      {ofAddresses.isLoading && ofMacs.isLoading && <Loading height={160} />}
      <Text role="status" className="visually-hidden">
        {addresses !== null && macs !== null && describeCounts(addresses, macs)}
      </Text>
      {addresses !== null && (
        <>
          <Title order={2} size="h4" mb="xs">
            Addresses of several VMs ({countOf(addresses)})
          </Title>
          {addresses.nodes.length === 0 ? (
            <Text className="faint">No address is on two VMs that can meet.</Text>
          ) : (
            <table className="nics">
              <TableHead titles={["Address", "Kind", "VMs"]} />
              <tbody>
                {addresses.nodes.map(({ address, kind, vmCount, holders }) => (
                  <tr key={address}>
                    <th scope="row" data-label="Address">
                      <Address text={address} />
                    </th>
                    <td data-label="Kind">
                      <Tag tone={kind === "DUPLICATE" ? "bad" : "calm"}>
                        {kind === "DUPLICATE" ? "given twice" : "virtual router"}
                      </Tag>
                    </td>
                    <td data-label="VMs">
                      <Holders
                        holders={holders.map(({ vm, device }) => ({ vm, at: device?.name ?? null }))}
                        count={vmCount}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <MoreButton
            count={addresses.nodes.length}
            hasMore={addresses.hasMore}
            onMore={ofAddresses.showMore}
            name="addresses"
          />
        </>
      )}
      {macs !== null && (
        <>
          <Title order={2} size="h4" mt="lg" mb="xs">
            MACs of several vNICs ({countOf(macs)})
          </Title>
          {macs.nodes.length === 0 ? (
            <Text className="faint">Each MAC is on one vNIC.</Text>
          ) : (
            <table className="nics">
              <TableHead titles={["MAC", "vNICs"]} />
              <tbody>
                {macs.nodes.map(({ macAddress, vmCount, vmNics }) => (
                  <tr key={macAddress}>
                    <th scope="row" data-label="MAC">
                      <Address text={macAddress} />
                    </th>
                    <td data-label="vNICs">
                      <Holders holders={vmNics.map(({ vm, name }) => ({ vm, at: name }))} count={vmCount} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <MoreButton count={macs.nodes.length} hasMore={macs.hasMore} onMore={ofMacs.showMore} name="MACs" />
        </>
      )}
    </section>
  );
}

/** Describes how many conflicts there are. Screen readers read a change of it aloud. */
function describeCounts(...[addresses, macs]: readonly [Counted, Counted]): string {
  return `${countOf(addresses)} addresses of several VMs, ${countOf(macs)} MACs of several vNICs.`;
}

function countOf({ totalCount, nodes }: Counted): number {
  return totalCount ?? nodes.length;
}

type Counted = Pick<NonNullable<Pages<unknown>["list"]>, "totalCount" | "nodes">;

/** Reads a list again after changes behind it. */
function useListNews({ list, problem, reloadSoon }: Pages<unknown>, news: ReturnType<typeof listNews>): void {
  useEventsBehind({ data: list, problem }, news, { onEvent: reloadSoon, readAgain: reloadSoon });
}

interface Holder {
  readonly vm: { readonly id: string; readonly name: string | null } | null;
  readonly at: string | null;
}

function Holders({ holders, count }: { readonly holders: readonly Holder[]; readonly count: number }) {
  return (
    <ul className="holders">
      {holders.map(({ vm, at }, position) => (
        <li key={position}>
          {vm === null ? (
            "a VM that is just gone"
          ) : (
            <RouteLink to={{ view: "vm", id: vm.id, at: null }}>{vm.name}</RouteLink>
          )}
          {at !== null && ` (${at})`}
        </li>
      ))}
      {count > holders.length && <li className="faint">{count} VMs in all</li>}
    </ul>
  );
}
