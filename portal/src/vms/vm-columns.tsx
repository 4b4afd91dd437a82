import { createColumnHelper, tableFeatures } from "@tanstack/react-table";
import { Address } from "../shared/address.js";
import { FreshnessNote } from "../shared/freshness.js";
import { Status } from "../shared/status.js";
import type { VmListRow } from "./use-vm-pages.js";

/** The table needs no model of its own for sorting or filtering: the server does both. */
export const FEATURES = tableFeatures({});

const helper = createColumnHelper<typeof FEATURES, VmListRow>();

/** The columns of the list of VMs. */
export const COLUMNS = helper.columns([
  helper.accessor("name", {
    id: "name",
    header: "Name",
    cell: ({ row }) => <strong>{row.original.name}</strong>,
  }),
  helper.display({
    id: "status",
    header: "Status",
    cell: ({ row }) => <Status status={row.original.status} />,
  }),
  helper.display({ id: "host", header: "Host", cell: ({ row }) => row.original.host?.name ?? "–" }),
  helper.display({
    id: "address",
    header: "Primary address",
    cell: ({ row: { original: vm } }) => {
      const primary = vm.guestInfo?.primaryAddress ?? null;
      if (primary === null) {
        return <span className="faint">{vm.guestInfo?.ips == null ? "not known" : "none"}</span>;
      }
      return (
        <span title={primary.reason}>
          <Address text={primary.address} />
        </span>
      );
    },
  }),
  helper.display({
    id: "others",
    header: "Other addresses",
    cell: ({ row }) => {
      const primary = row.original.guestInfo?.primaryAddress?.address;
      const others = (row.original.guestInfo?.ips ?? []).filter((ip) => ip !== primary);
      return <span title={others.join("\n")}>{others.join(", ")}</span>;
    },
  }),
  helper.display({
    id: "freshness",
    header: "Freshness",
    cell: ({ row }) => <FreshnessNote guest={row.original.guestInfo} />,
  }),
]);
