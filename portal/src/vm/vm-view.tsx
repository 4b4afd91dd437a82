import { Group, Text, Title } from "@mantine/core";
import { useState } from "react";
import { VmQuery } from "../api/queries.js";
import { listChanges, type ChangeEvent } from "../live/subjects.js";
import { useEventsBehind } from "../live/use-events-behind.js";
import { readLastList } from "../navigation.js";
import { RouteLink } from "../shared/route-link.js";
import { Address } from "../shared/values/address.js";
import { Gentle } from "../shared/gentle.js";
import { FreshnessNote } from "../shared/values/freshness.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { Ago } from "../shared/values/time.js";
import { useAnswer } from "../shared/answers/use-answer.js";
import { Status } from "../shared/values/status.js";
import type { VmListRow } from "../vms/vm-list-row.js";
import { GuestOnly } from "./guest-only.js";
import { matchNics } from "./match-nics.js";
import { NewsList } from "./news-list.js";
import { NicTable } from "./nic-table.js";
import { PastTab } from "./past-tab.js";
import { TimeLine } from "./time-line.js";
import { Loading } from "../shared/answers/loading.js";
import { ViewTitle } from "../shared/view-title.js";

/** The most changes that are listed as they arrive. The time line has all. */
const NEWS = 5;

/** Shows one VM: what the hypervisor and the guest each report about its network interfaces. */
export function VmView({ id, at }: { readonly id: string; readonly at: string | null }) {
  const { data, problem, isLoading, reload, reloadSoon } = useAnswer(VmQuery, { id });
  const [news, setNews] = useState<readonly ChangeEvent[]>([]);
  useEventsBehind({ data, problem }, listChanges({ vmIds: [id] }), {
    onEvent: (event) => {
      reloadSoon();
      setNews((last) => [event, ...last].slice(0, NEWS));
    },
    readAgain: reloadSoon,
  });
  if (isLoading && data === null) return <Loading height={240} />;
  const vm = data?.vm ?? null;
  if (vm === null) {
    return (
      <section aria-labelledby="vm-title" className="view">
        <BackToVms />
        <ViewTitle id="vm-title" text={problem === null ? "No such VM" : "VM"} />
        <ProblemNote problem={problem} onRetry={reload} />
        {problem === null && (
          <Text role="status">
            There is no VM with the id <code>{id}</code>, or you may not see it.
          </Text>
        )}
      </section>
    );
  }
  const tab = matchNics(vm);
  return (
    <section
      aria-labelledby="vm-title"
      className="view"
      data-copy={vm.guestInfo?.primaryAddress?.address ?? ""}
    >
      <BackToVms />
      <Group mt="xs" mb="md" gap="sm">
        <ViewTitle id="vm-title" text={vm.name ?? vm.id} />
        <Gentle value={vm.status ?? ""}>
          <Status status={vm.status} />
        </Gentle>
        <FreshnessNote guest={vm.guestInfo} />
      </Group>
      <ProblemNote problem={problem} onRetry={reload} />
      <dl className="facts">
        <dt>Host</dt>
        <dd>
          <Gentle value={vm.host?.id ?? ""}>{vm.host?.name ?? "runs on none"}</Gentle>
        </dd>
        <dt>Primary address</dt>
        <dd>
          <PrimaryAddress guest={vm.guestInfo} />
        </dd>
        <dt>Name in the guest</dt>
        <dd>{vm.guestInfo?.fqdn ?? "not known"}</dd>
        <dt>Last reported</dt>
        <dd>
          {vm.guestInfo?.lastReportedAt == null ? "not known" : <Ago at={vm.guestInfo.lastReportedAt} />}
        </dd>
      </dl>
      <NewsList news={news} />
      <Title order={2} size="h4" mt="lg" mb="xs">
        Network interfaces
      </Title>
      {at === null ? (
        <>
          <NicTable rows={tab.rows} areNicsKnown={vm.nics !== null} />
          <GuestOnly tab={tab} areKnown={vm.guestInfo?.networkDevices != null} />
        </>
      ) : (
        <PastTab id={id} at={at} now={vm.guestInfo?.networkDevices ?? null} />
      )}
      <TimeLine id={id} at={at} />
    </section>
  );
}

function PrimaryAddress({
  guest,
}: {
  readonly guest: Pick<VmListRow["guestInfo"] & object, "ips" | "primaryAddress"> | null;
}) {
  if (guest?.primaryAddress == null) return guest?.ips == null ? "not known" : "none";
  const { address, reason } = guest.primaryAddress;
  return (
    <Gentle value={address}>
      <Address text={address} /> <span className="faint">{reason}</span>
    </Gentle>
  );
}

/** Links to the list as it was left, however many views were shown since. */
function BackToVms() {
  return <RouteLink to={readLastList()}>← VMs</RouteLink>;
}
