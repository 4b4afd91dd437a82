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
    header: "Address",
    cell: ({ row: { original: vm } }) => {
      const [first] = vm.guestInfo?.ips ?? [];
      return first === undefined ? (
        <span className="faint">{vm.guestInfo?.ips == null ? "not known" : "none"}</span>
      ) : (
        <Address text={first} />
      );
    },
  }),
  helper.display({
    id: "others",
    header: "Other addresses",
    cell: ({ row }) => {
      const others = (row.original.guestInfo?.ips ?? []).slice(1);
      return <span title={others.join("\n")}>{others.join(", ")}</span>;
    },
  }),
  helper.display({
    id: "freshness",
    header: "Freshness",
    cell: ({ row }) => <FreshnessNote guest={row.original.guestInfo} />,
  }),
]);
