import { Anchor, Group, Skeleton, Text, Title } from "@mantine/core";
import { useQuery } from "urql";
import { readProblem } from "../api/problem.js";
import { VmQuery } from "../api/queries.js";
import { navigate } from "../navigation.js";
import { formatRoute } from "../route.js";
import { FreshnessNote } from "../shared/freshness.js";
import { ProblemNote } from "../shared/problem-note.js";
import { Ago } from "../shared/time.js";
import { Status } from "../shared/status.js";
import { GuestOnly } from "./guest-only.js";
import { matchNics } from "./match-nics.js";
import { NicTable } from "./nic-table.js";

/** One VM: what the hypervisor and the guest each say of its network interfaces. */
export function VmView({ id }: { readonly id: string }) {
  const [{ data, error, fetching }, ask] = useQuery({ query: VmQuery, variables: { id } });
  const retry = () => {
    ask({ requestPolicy: "network-only" });
  };
  if (data === undefined && fetching) return <Skeleton height={240} aria-label="Loading" />;
  const vm = data?.vm ?? null;
  if (vm === null) {
    return error === undefined ? (
      <Text role="status">
        There is no VM with the id <code>{id}</code>, or you may not see it. <BackToVms />
      </Text>
    ) : (
      <ProblemNote problem={readProblem(error)} onRetry={retry} />
    );
  }
  const tab = matchNics(vm);
  return (
    <section aria-labelledby="vm-title" className="view">
      <BackToVms />
      <Group mt="xs" mb="md" gap="sm">
        <Title order={1} size="h2" id="vm-title">
          {vm.name}
        </Title>
        <Status status={vm.status} />
        <FreshnessNote guest={vm.guestInfo} />
      </Group>
      <ProblemNote problem={readProblem(error)} onRetry={retry} />
      <dl className="facts">
        <dt>Host</dt>
        <dd>{vm.host?.name ?? "runs on none"}</dd>
        <dt>Name in the guest</dt>
        <dd>{vm.guestInfo?.fqdn ?? "not known"}</dd>
        <dt>Last reported</dt>
        <dd>
          {vm.guestInfo?.lastReportedAt == null ? "not known" : <Ago at={vm.guestInfo.lastReportedAt} />}
        </dd>
      </dl>
      <Title order={2} size="h4" mt="lg" mb="xs">
        Network interfaces
      </Title>
      <NicTable rows={tab.rows} areNicsKnown={vm.nics !== null} />
      <GuestOnly devices={tab.guestOnly} areKnown={vm.guestInfo?.networkDevices != null} />
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
