import { Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { AddressHistoryQuery } from "../api/past-queries.js";
import { listNews, type ChangeFilter } from "../live/subjects.js";
import { useEventsBehind } from "../live/use-events-behind.js";
import { MoreButton } from "../shared/answers/more-button.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { RouteLink } from "../shared/route-link.js";
import { Ago, formatExact } from "../shared/values/time.js";
import { useAnswer } from "../shared/answers/use-answer.js";
import { parseSearch, type OtherSearch, type Search } from "../vms/search.js";
import { TableHead } from "../shared/table-head.js";
import { Loading } from "../shared/answers/loading.js";
import { ViewTitle } from "../shared/view-title.js";

const FIRST = 50;
/** The most spans that the server gives at once. */
const MOST = 500;

/** Creates the filter of changes after which another VM may have the address or MAC. The server has no filter for MACs. */
function toNewsFilter(of: string, isMac: boolean): ChangeFilter {
  if (!isMac) return { inCidr: `${of}/${of.includes(":") ? 128 : 32}` };
  return {
    kinds: ["ADDRESS_ADDED", "ADDRESS_REMOVED", "DEVICE_APPEARED", "DEVICE_DISAPPEARED", "VM_FORGOTTEN"],
  };
}

/** Parses an address or a MAC. A MAC without colons counts as a MAC here, since names are not searched. */
function parseOne(of: string): Search | OtherSearch {
  const search = parseSearch(of);
  return search.kind === "name-or" ? search.other : search;
}

/** Shows who had an address or a MAC, if the text is one. */
export function AddressView({ of }: { readonly of: string }) {
  const search = parseOne(of);
  if (search.kind === "address") return <Holders of={search.address} />;
  if (search.kind === "mac") return <Holders of={search.mac} />;
  return (
    <section aria-labelledby="address-title" className="view">
      <ViewTitle id="address-title" text="No address" />
      <Text role="status">
        <code>{of}</code> is neither an address nor a MAC.{" "}
        <RouteLink to={{ view: "vms", search: of, sort: "NAME_ASC" }}>Find VMs by it</RouteLink>
      </Text>
    </section>
  );
}

/** Shows who had an address, or which addresses a MAC had, and when. The latest come first. */
function Holders({ of }: { readonly of: string }) {
  const [first, setFirst] = useState(FIRST);
  const isMac = parseOne(of).kind === "mac";
  const { data, problem, isLoading, reload, reloadSoon } = useAnswer(
    AddressHistoryQuery,
    { address: isMac ? null : of, macAddress: isMac ? of : null, first },
    of,
  );
  const news = useMemo(() => listNews(toNewsFilter(of, isMac)), [of, isMac]);
  useEventsBehind({ data, problem }, news, { onEvent: reloadSoon, readAgain: reloadSoon });
  const question = isMac ? "What had the MAC" : "Who had";
  const history = data?.addressHistory ?? null;
  return (
    <section aria-labelledby="address-title" className="view">
      <RouteLink to={{ view: "vms", search: of, sort: "NAME_ASC" }}>VMs that have it now</RouteLink>
      <ViewTitle id="address-title" text={`${question} ${of}`}>
        {question} <code>{of}</code>
      </ViewTitle>
      <ProblemNote problem={problem} onRetry={reload} />
      {isLoading && history === null && <Loading height={160} />}
      {history !== null && history.nodes.length === 0 && (
        <Text role="status">Nobody had it since {formatExact(history.keptFrom)}.</Text>
      )}
      {history !== null && history.nodes.length > 0 && (
        <Text role="status" size="sm" mb="xs" className="faint">
          {describeNow(history.nodes)}
        </Text>
      )}
      {history !== null && history.nodes.length > 0 && (
        <div className="wide">
          <table className="nics">
            <TableHead titles={["VM", "Address", "Interface", "MAC", "Since", "Until"]} />
            <tbody>
              {history.nodes.map((span, position) => (
                <tr key={`${span.vmId} ${span.address} ${span.since ?? ""} ${position}`}>
                  <th scope="row" data-label="VM">
                    <RouteLink
                      to={{ view: "vm", id: span.vmId, at: span.until === null ? null : span.since }}
                    >
                      {span.vm?.name ?? span.vmId}
                    </RouteLink>
                  </th>
                  <td data-label="Address">
                    <code>{span.address}</code>
                  </td>
                  <td data-label="Interface">{span.deviceName ?? "not told"}</td>
                  <td data-label="MAC">{span.macAddress === null ? "–" : <code>{span.macAddress}</code>}</td>
                  <td data-label="Since">
                    {span.since === null ? "before changes were kept" : <Ago at={span.since} />}
                  </td>
                  <td data-label="Until">{span.until === null ? "now" : <Ago at={span.until} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MoreButton
        mt="sm"
        count={history?.nodes.length ?? 0}
        hasMore={history?.pageInfo.hasNextPage === true && first < MOST}
        onMore={() => {
          setFirst(MOST);
        }}
        name="of who had it"
      />
    </section>
  );
}

/** Describes who has it now. Screen readers read a change of it aloud. */
function describeNow(
  spans: readonly {
    readonly until: string | null;
    readonly vmId: string;
    readonly vm: { readonly name: string | null } | null;
  }[],
): string {
  const holders = spans.filter(({ until }) => until === null).map(({ vm, vmId }) => vm?.name ?? vmId);
  return holders.length === 0 ? "No VM has it now." : `Now: ${[...new Set(holders)].join(", ")}.`;
}
