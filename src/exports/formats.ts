import { formatDnsName, formatLabel } from "./dns-names.js";
import type { ExportRecord } from "./export-records.js";

/** A VM of an export with what the formats need beside it. */
export interface ExportedVm extends ExportRecord {
  /** The VM's name, and a part of its id behind it where a VM before has the same name. */
  readonly uniqueName: string;
}

/** How one format is written. Whatever guests and VMs are called, it stays one. */
export interface ExportFormat {
  readonly mediaType: string;
  readonly begin: string;
  /** Formats a VM; `null` leaves it out. */
  readonly formatVm: (vm: ExportedVm, port: number) => string | null;
  /** Between two VMs. */
  readonly separator: string;
  readonly end: string;
  /** What is written of all VMs once more behind the first list, and then the end. */
  readonly second?: {
    readonly begin: string;
    readonly formatVm: ExportFormat["formatVm"];
    readonly end: string;
  };
}

/** Every format that there is. */
export const FORMATS = {
  csv: {
    mediaType: "text/csv; charset=utf-8; header=present",
    begin: "id,name,status,host,fqdn,address,network,mac,addresses\r\n",
    formatVm: (vm) =>
      `${[vm.id, vm.name, vm.status, vm.host, vm.fqdn, vm.address, vm.network, vm.mac, vm.addresses.join(" ")].map(formatCsv).join(",")}\r\n`,
    separator: "",
    end: "",
  },
  json: {
    mediaType: "application/json",
    begin: "[\n",
    formatVm: formatJson,
    separator: ",\n",
    end: "\n]\n",
  },
  ndjson: {
    mediaType: "application/x-ndjson",
    begin: "",
    formatVm: (vm) => `${formatJson(vm)}\n`,
    separator: "",
    end: "",
  },
  "ansible-inventory": {
    mediaType: "application/json",
    begin: '{"vnic_graph":{"hosts":[\n',
    formatVm: (vm) => (vm.address === null ? null : JSON.stringify(vm.uniqueName)),
    separator: ",\n",
    end: '\n]},"_meta":{"hostvars":{\n',
    second: {
      begin: "",
      formatVm: (vm) => {
        if (vm.address === null) return null;
        const vars = {
          ansible_host: vm.address,
          vnic_graph_id: vm.id,
          vnic_graph_status: vm.status,
          vnic_graph_host: dropTemplate(vm.host),
          // A guest says what it likes, and Ansible runs templates in variables.
          vnic_graph_fqdn: formatDnsName(vm.fqdn),
          vnic_graph_network: dropTemplate(vm.network),
          vnic_graph_addresses: vm.addresses,
        };
        return `${JSON.stringify(vm.uniqueName)}:${JSON.stringify(vars)}`;
      },
      end: "\n}}}\n",
    },
  },
  "prometheus-sd": {
    mediaType: "application/json",
    begin: "[\n",
    formatVm: (vm, port) => {
      if (vm.address === null) return null;
      const host = vm.address.includes(":") ? `[${vm.address}]` : vm.address;
      const labels = {
        __meta_vnic_graph_id: vm.id,
        __meta_vnic_graph_name: vm.name,
        __meta_vnic_graph_status: vm.status,
        __meta_vnic_graph_host: vm.host ?? "",
        __meta_vnic_graph_fqdn: vm.fqdn ?? "",
        __meta_vnic_graph_network: vm.network ?? "",
      };
      return JSON.stringify({ targets: [`${host}:${port}`], labels });
    },
    separator: ",\n",
    end: "\n]\n",
  },
  hosts: {
    mediaType: "text/plain; charset=utf-8",
    begin: "",
    formatVm: (vm) => {
      if (vm.address === null) return null;
      const names = [formatDnsName(vm.fqdn), formatLabel(vm.uniqueName)].filter((name) => name !== null);
      return `${vm.address}\t${names.join(" ")}\n`;
    },
    separator: "",
    end: "",
  },
  zone: {
    mediaType: "text/dns; charset=utf-8",
    begin: "",
    formatVm: (vm) => {
      if (vm.address === null) return null;
      const name = formatDnsName(vm.fqdn);
      const owner = name === null ? formatLabel(vm.uniqueName) : `${name}.`;
      return `${owner} 300 IN ${vm.address.includes(":") ? "AAAA" : "A"} ${vm.address}\n`;
    },
    separator: "",
    end: "",
  },
  netbox: {
    mediaType: "text/csv; charset=utf-8; header=present",
    begin: "address,status,dns_name,description\r\n",
    formatVm: (vm) => {
      if (vm.address === null) return null;
      const address = `${vm.address}/${vm.address.includes(":") ? 128 : 32}`;
      const values = [address, "active", formatDnsName(vm.fqdn) ?? "", `${vm.name} (${vm.id})`];
      return `${values.map(formatCsv).join(",")}\r\n`;
    },
    separator: "",
    end: "",
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

/** The name of a format. */
export type FormatName = keyof typeof FORMATS;

function formatJson({ uniqueName: _, ...vm }: ExportedVm): string {
  return JSON.stringify(vm);
}

/** Formats a field of CSV (RFC 4180). What a spreadsheet would run as a formula gets an apostrophe before it. */
function formatCsv(value: string | null): string {
  const text = value ?? "";
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** Returns the text unless Ansible would take it for a template. */
function dropTemplate(text: string | null): string | null {
  return text === null || /\{[{%#]/.test(text) ? null : text;
}
