import { findAddressScope } from "../model/address/address-scope.js";
import { formatAddress, parseAddress, unmapAddress } from "../model/address/cidr.js";
import { escapeUnprintable, toPrintable } from "../model/printable.js";
import { formatDnsName, formatLabelWithId } from "./dns-names.js";
import type { ExportRecord } from "./export-records.js";
import type { DnsNames } from "./published-names.js";

/** A VM of an export with what the formats need beside it. */
export interface ExportedVm extends ExportRecord {
  /** The VM's name. A part of its id is added if a VM before has the same name, or if the name ends as such a part does. */
  readonly uniqueName: string;
  /** The names under which it is published; `null` if the format publishes no names. */
  readonly dns: DnsNames | null;
}

/** How one format is written. The result is valid, whatever the names of guests and VMs are. */
export interface ExportFormat {
  readonly mediaType: string;
  readonly begin: string;
  /** Formats a VM; `null` leaves it out. */
  readonly formatVm: (vm: ExportedVm, port: number) => string | null;
  /** Text between two VMs. */
  readonly separator: string;
  readonly end: string;
  /**
   * A second text for each VM, written after all VMs, and the end after that. It is kept in memory until then, so it
   * must be short.
   */
  readonly last?: { readonly formatVm: (vm: ExportedVm) => string; readonly end: string };
  /** `true` if it is read by people too, who see addresses that others cannot use, rather than none. */
  readonly showsLinkLocal?: boolean;
  /** `true` if it publishes names; each VM then gets a name that no other VM has. */
  readonly publishesNames?: boolean;
}

/** All formats. */
export const FORMATS = {
  csv: {
    mediaType: "text/csv; charset=utf-8; header=present",
    begin: "id,name,status,host,fqdn,address,network,mac,addresses\r\n",
    formatVm: (vm) =>
      `${[vm.id, vm.name, vm.status, vm.host, vm.fqdn, vm.address, vm.network, vm.mac, vm.addresses?.join(" ") ?? null].map(formatCsv).join(",")}\r\n`,
    separator: "",
    end: "",
    showsLinkLocal: true,
  },
  json: {
    mediaType: "application/json",
    begin: "[\n",
    formatVm: formatJson,
    separator: ",\n",
    end: "\n]\n",
    showsLinkLocal: true,
  },
  ndjson: {
    mediaType: "application/x-ndjson",
    begin: "",
    formatVm: (vm) => `${formatJson(vm)}\n`,
    separator: "",
    end: "",
    showsLinkLocal: true,
  },
  "ansible-inventory": {
    mediaType: "application/json",
    begin: '{"_meta":{"hostvars":{\n',
    formatVm: (vm) => {
      const address = findReachable(vm);
      if (address === null) return null;
      const vars = {
        ansible_host: address,
        vnic_graph_id: vm.id,
        vnic_graph_status: vm.status,
        vnic_graph_host: dropTemplate(vm.host),
        // A guest chooses its own name, and Ansible runs templates in variables.
        vnic_graph_fqdn: formatDnsName(vm.fqdn),
        vnic_graph_network: dropTemplate(vm.network),
        vnic_graph_addresses: vm.addresses,
      };
      return escapeUnprintable(`${JSON.stringify(findInventoryName(vm))}:${JSON.stringify(vars)}`);
    },
    separator: ",\n",
    end: '\n}},"vnic_graph":{"hosts":[\n',
    last: { formatVm: (vm) => escapeUnprintable(JSON.stringify(findInventoryName(vm))), end: "\n]}}\n" },
  },
  "prometheus-sd": {
    mediaType: "application/json",
    begin: "[\n",
    formatVm: (vm, port) => {
      const address = findReachable(vm);
      if (address === null) return null;
      const host = address.includes(":") ? `[${address}]` : address;
      const labels = {
        __meta_vnic_graph_id: vm.id,
        __meta_vnic_graph_name: vm.name,
        __meta_vnic_graph_status: vm.status,
        __meta_vnic_graph_host: vm.host ?? "",
        __meta_vnic_graph_fqdn: vm.fqdn ?? "",
        __meta_vnic_graph_network: vm.network ?? "",
      };
      return escapeUnprintable(JSON.stringify({ targets: [`${host}:${port}`], labels }));
    },
    separator: ",\n",
    end: "\n]\n",
  },
  hosts: {
    mediaType: "text/plain; charset=utf-8",
    begin: "",
    formatVm: (vm) => {
      const address = findReachable(vm);
      const { dns } = vm;
      if (address === null || dns === null) return null;
      return `${address}\t${dns.claimed === null ? "" : `${dns.claimed} `}${dns.own}\n`;
    },
    separator: "",
    end: "",
    publishesNames: true,
  },
  zone: {
    mediaType: "text/dns; charset=utf-8",
    begin: "",
    formatVm: (vm) => {
      const address = findReachable(vm);
      const { dns } = vm;
      if (address === null || dns === null) return null;
      const name = dns.claimed ?? dns.own;
      const owner = name.includes(".") ? `${name}.` : name;
      return `${owner} 300 IN ${address.includes(":") ? "AAAA" : "A"} ${address}\n`;
    },
    separator: "",
    end: "",
    publishesNames: true,
  },
  netbox: {
    mediaType: "text/csv; charset=utf-8; header=present",
    begin: "address,status,dns_name,description\r\n",
    formatVm: (vm) => {
      const address = findReachable(vm);
      if (address === null) return null;
      const dnsName = [vm.dns?.claimed, vm.dns?.own].find((name) => name?.includes("."));
      const prefix = address.includes(":") ? 128 : 32;
      const values = [
        `${address}/${prefix}`,
        "active",
        dnsName ?? "",
        `${cutCharacters(vm.name, NETBOX_NAME)} (${vm.id})`,
      ];
      return `${values.map(formatCsv).join(",")}\r\n`;
    },
    separator: "",
    end: "",
    publishesNames: true,
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

/**
 * Finds the address by which other machines reach the VM; `null`: it has none, or one of its own link only. An IPv4 address that is
 * mapped into IPv6 is written as IPv4, because no packet can be sent to the mapped one.
 */
function findReachable({ address }: ExportedVm): string | null {
  const parsed = address === null ? null : parseAddress(address);
  if (parsed === null || findAddressScope(parsed) === "link-local") return null;
  return formatAddress(unmapAddress(parsed));
}

/** NetBox refuses a file in which one description has more than 200 characters. An id in brackets takes 39. */
const NETBOX_NAME = 161;

function cutCharacters(text: string, most: number): string {
  return text.length <= most ? text : Array.from(text).slice(0, most).join("");
}

/** The name of a format. */
export type FormatName = keyof typeof FORMATS;

function formatJson({ uniqueName: _, dns: __, ...vm }: ExportedVm): string {
  return escapeUnprintable(JSON.stringify(vm));
}

/**
 * Formats a field of CSV (RFC 4180) as one printable line, since CSV has no escapes. An apostrophe is put before text
 * that a spreadsheet would run as a formula, and quotes would not prevent that. The signs count in full width, too, and
 * after a semicolon, which divides cells where commas are decimal points.
 */
function formatCsv(value: string | null): string {
  const inert = toPrintable(value ?? "").replace(FORMULA, "$1'");
  return /[",;]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

const FORMULA = /(^|;)(?=[\s"]{0,8}[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/**
 * Finds the name of a VM for Ansible, which is normally its own name. It becomes a label with a part of the VM's id if Ansible
 * 1. would run it as a template;
 * 2. would take it for the machine that it runs on, or for a group;
 * 3. would print what a terminal obeys, or nothing at all.
 */
function findInventoryName({ id, name, uniqueName }: ExportedVm): string {
  const isUsable = dropTemplate(uniqueName) !== null && !UNUSABLE_IN_INVENTORIES.test(uniqueName);
  return isUsable ? uniqueName : formatLabelWithId(name, id);
}

const UNUSABLE_IN_INVENTORIES =
  /^(?:localhost|127\.0\.0\.1|::1|all|ungrouped|vnic_graph|_meta|\s*)$|[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Returns the text; `null` if Ansible would take it for a template. */
function dropTemplate(text: string | null): string | null {
  return text === null || /\{[{%#]/.test(text) ? null : text;
}
