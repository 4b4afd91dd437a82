import { Group, Kbd, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useMemo, useRef, useState } from "react";
import { listChanges } from "../live/subjects.js";
import { useEvents } from "../live/use-events.js";
import { LeavingButton } from "../shared/answers/leaving-button.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { navigate } from "../navigation.js";
import type { Route } from "../route.js";
import { ViewTitle } from "../shared/view-title.js";
import { ExportMenu } from "./export-menu.js";
import { isHalfTyped, parseSearch } from "./search.js";
import { useVmPages } from "./use-vm-pages.js";
import { toChangeFilter } from "./vm-filter.js";
import { VmTable } from "./vm-table.js";
import { formatNumber } from "../shared/values/format-number.js";

/** The longest text that the server looks for in names. */
const LONGEST_SEARCH = 255;

/** The pause in typing after which the server is asked. */
const TYPING_PAUSE_MS = 150;

/** The pause in scrolling after which other rows are followed. */
const SCROLL_PAUSE_MS = 400;

/** The first view: one search box over all VMs. */
export function VmsView({ route }: { readonly route: Extract<Route, { view: "vms" }> }) {
  const [search] = useDebouncedValue(route.search, TYPING_PAUSE_MS);
  const pages = useVmPages(search, route.sort);
  const isTyping = useRef(false);
  const [near, setNear] = useState({ from: 0, to: 0 });
  const followNear = useDebouncedCallback((from: number, to: number) => {
    setNear({ from, to });
  }, SCROLL_PAUSE_MS);
  const { rows, total } = pages;
  const filter = useMemo(() => {
    const nearbyIds = rows.slice(near.from, near.to).map(({ id }) => id);
    return toChangeFilter(parseSearch(search), total, nearbyIds);
  }, [rows, total, near, search]);
  useEvents(filter === null ? null : listChanges(filter), { onEvent: pages.apply, onReset: pages.refresh });
  return (
    <section aria-labelledby="vms-title" className="view">
      <ViewTitle id="vms-title" text={route.search === "" ? "VMs" : `VMs: ${route.search}`} isHidden>
        VMs
      </ViewTitle>
      <TextInput
        id="search"
        size="md"
        mb="xs"
        label="Find VMs"
        placeholder="name, address, CIDR or MAC"
        inputWrapperOrder={["label", "input", "description"]}
        description={
          isHalfTyped(route.search) &&
          "Looked for in names so far: a MAC or an IPv6 address is found once it is whole."
        }
        leftSection={<IconSearch size={18} />}
        rightSection={<Kbd>/</Kbd>}
        maxLength={LONGEST_SEARCH}
        value={route.search}
        onChange={(event) => {
          // Each visit of the box makes one entry of the browser's history, so that Back leads to the search before.
          navigate({ ...route, search: event.currentTarget.value }, { replace: isTyping.current });
          isTyping.current = true;
        }}
        onFocus={() => {
          isTyping.current = false;
        }}
      />
      <ProblemNote problem={pages.problem} onRetry={pages.retry} />
      <Group mb="xs" role="status" aria-live="polite">
        <Text size="sm" className="faint">
          {formatCount(pages.total, pages.rows.length, pages.isLoading)}
        </Text>
        {pages.isOutdated && (
          <LeavingButton size="compact-xs" variant="light" onClick={pages.reload}>
            The list has changed: read it again
          </LeavingButton>
        )}
      </Group>
      <ExportMenu search={parseSearch(search)} />
      {pages.total === 0 && route.search === "" && (
        <Text role="note" mb="md">
          No VM is known yet. Name your hosts in <code>VDSM_HOSTS</code>, with their certificates, or add one
          by <code>vnic-graph hosts add</code>; <code>vnic-graph doctor</code> says what is missing.
        </Text>
      )}
      {pages.hasMore && (
        <Text size="sm" mb="xs" className="on-paper">
          Here are the first {formatNumber(pages.rows.length)}. The export has all.
        </Text>
      )}
      <VmTable
        pages={pages}
        text={search}
        sort={route.sort}
        onSort={(sort) => {
          navigate({ ...route, sort });
        }}
        onNear={followNear}
      />
    </section>
  );
}

function formatCount(total: number | null, read: number, isLoading: boolean): string {
  if (total === null && isLoading) return "Searching…";
  if (total === null) return read === 0 ? "" : `${formatNumber(read)} VMs`;
  if (total === 0) return "No VM is found.";
  return total === 1 ? "1 VM" : `${formatNumber(total)} VMs`;
}
