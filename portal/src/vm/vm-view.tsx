import { Anchor, Group, Text, Title } from "@mantine/core";
import { useState } from "react";
import { VmQuery } from "../api/queries.js";
import { listChanges, type ChangeEvent } from "../live/subjects.js";
import { useEvents } from "../live/use-events.js";
import { navigate } from "../navigation.js";
import { formatRoute } from "../route.js";
import { Gentle } from "../shared/gentle.js";
import { FreshnessNote } from "../shared/freshness.js";
import { ProblemNote } from "../shared/problem-note.js";
import { Ago } from "../shared/time.js";
import { useAnswer } from "../shared/use-answer.js";
import { Status } from "../shared/status.js";
import { GuestOnly } from "./guest-only.js";
import { matchNics } from "./match-nics.js";
import { NewsList } from "./news-list.js";
import { NicTable } from "./nic-table.js";
import { PastTab } from "./past-tab.js";
import { TimeLine } from "./time-line.js";
import { Loading } from "../shared/loading.js";

/** Maximum number of changes that are listed as they come in. The time line has all. */
const NEWS = 5;

/** One VM: what the hypervisor and the guest each say of its network interfaces. */
export function VmView({ id, at }: { readonly id: string; readonly at: string | null }) {
  const { data, problem, isLoading, reload, reloadSoon } = useAnswer(VmQuery, { id });
  const [news, setNews] = useState<readonly ChangeEvent[]>([]);
  const [version, setVersion] = useState(0);
  useEvents(listChanges({ vmIds: [id] }), {
    onEvent: (event) => {
      // The answer that is shown may be older than the state from which on changes are told.
      reloadSoon();
      if (event.kind !== "CHANGE") return;
      setVersion((last) => last + 1);
      setNews((last) => [event, ...last].slice(0, NEWS));
    },
    onReset: reloadSoon,
  });
  if (isLoading && data === null) return <Loading height={240} />;
  const vm = data?.vm ?? null;
  if (vm === null) {
    return problem === null ? (
      <Text role="status">
        There is no VM with the id <code>{id}</code>, or you may not see it. <BackToVms />
      </Text>
    ) : (
      <ProblemNote problem={problem} onRetry={reload} />
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
        <Title order={1} size="h2" id="vm-title">
          {vm.name}
        </Title>
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
          <GuestOnly devices={tab.guestOnly} areKnown={vm.guestInfo?.networkDevices != null} />
        </>
      ) : (
        <PastTab id={id} at={at} now={vm.guestInfo?.networkDevices ?? null} />
      )}
      <TimeLine id={id} at={at} version={version} />
    </section>
  );
}

function BackToVms() {
  const route = { view: "vms", search: "", sort: "NAME_ASC" } as const;
  return (
    <Anchor
      href={formatRoute(route)}
      onClick={(event) => {
        event.preventDefault();
        if (history.length > 1) history.back();
        else navigate(route);
      }}
    >
      ← VMs
    </Anchor>
  );
}
