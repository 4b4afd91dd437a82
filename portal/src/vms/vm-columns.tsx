import { createColumnHelper, tableFeatures } from "@tanstack/react-table";
import { Address } from "../shared/values/address.js";
import { Gentle } from "../shared/gentle.js";
import { FreshnessNote } from "../shared/values/freshness.js";
import { Ago } from "../shared/values/time.js";
import { Status } from "../shared/values/status.js";
import { Tag } from "../shared/values/tag.js";
import type { VmListRow } from "./vm-list-row.js";

/** The table has no features for sorting or filtering, because the server does both. */
export const FEATURES = tableFeatures({});

const helper = createColumnHelper<typeof FEATURES, VmListRow>();

/** The columns of the list of VMs. */
export const COLUMNS = helper.columns([
  helper.accessor("name", {
    id: "name",
    header: "Name",
    cell: ({ row }) => <strong title={row.original.name ?? undefined}>{row.original.name}</strong>,
  }),
  helper.display({
    id: "status",
    header: "Status",
    cell: ({ row: { original: vm } }) => (
      <>
        <Gentle value={vm.status ?? ""}>
          <Status status={vm.status} />
        </Gentle>
        {vm.guestInfo?.stale === true && (
          <span className="narrow-stale">
            <Tag tone="warn">stale</Tag>
          </span>
        )}
      </>
    ),
  }),
  helper.display({
    id: "host",
    header: "Host",
    cell: ({ row: { original: vm } }) => (
      <Gentle value={vm.host?.id ?? ""}>
        <span title={vm.host?.name}>{vm.host?.name ?? "–"}</span>
      </Gentle>
    ),
  }),
  helper.display({
    id: "address",
    header: "Primary address",
    cell: ({ row: { original: vm } }) => {
      const primary = vm.guestInfo?.primaryAddress ?? null;
      return (
        <Gentle value={primary?.address ?? ""}>
          {primary === null ? (
            <span className="faint">{vm.guestInfo?.ips == null ? "not known" : "none"}</span>
          ) : (
            <span title={primary.reason}>
              <Address text={primary.address} />
            </span>
          )}
        </Gentle>
      );
    },
  }),
  helper.display({
    id: "others",
    header: "Other addresses",
    cell: ({ row }) => {
      const primary = row.original.guestInfo?.primaryAddress?.address;
      const others = (row.original.guestInfo?.ips ?? []).filter((ip) => ip !== primary);
      return (
        <Gentle value={others.join()}>
          <span title={others.join("\n")}>{others.join(", ")}</span>
        </Gentle>
      );
    },
  }),
  helper.display({
    id: "changed",
    header: "Last change",
    cell: ({ row }) => {
      const at = row.original.guestInfo?.lastChangedAt ?? null;
      return at === null ? <span className="faint">not known</span> : <Ago at={at} />;
    },
  }),
  helper.display({
    id: "freshness",
    header: "Freshness",
    cell: ({ row }) => <FreshnessNote guest={row.original.guestInfo} />,
  }),
]);
