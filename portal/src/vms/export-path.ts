import type { Search } from "./search.js";

/** The formats of `GET /export/{format}`, for people, with the ends of their files' names. */
export const EXPORT_FORMATS = [
  { format: "csv", title: "CSV", ending: "csv" },
  { format: "json", title: "JSON", ending: "json" },
  { format: "ndjson", title: "JSON, a line each", ending: "ndjson" },
  { format: "ansible-inventory", title: "Ansible inventory", ending: "json" },
  { format: "prometheus-sd", title: "Prometheus targets", ending: "json" },
  { format: "hosts", title: "hosts file", ending: "txt" },
  { format: "zone", title: "DNS records", ending: "zone" },
  { format: "netbox", title: "NetBox import", ending: "csv" },
] as const;

/** One format. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What one export can have: its parameters all hold together, so that none of them means a name or else an address. */
export type ExportSearch = Exclude<Search, { kind: "name-or" }>;

/** Writes the path of an export that has the VMs which a search finds, relative to the page. */
export function formatExportPath({ format }: ExportFormat, search: ExportSearch): string {
  const parameters = new URLSearchParams(toParameters(search));
  return parameters.size === 0 ? `./export/${format}` : `./export/${format}?${parameters.toString()}`;
}

function toParameters(search: ExportSearch): Record<string, string> {
  switch (search.kind) {
    case "name":
      return { name: search.text };
    case "address":
      return { within: `${search.address}/${search.address.includes(":") ? 128 : 32}` };
    case "prefix":
      return { within: search.prefix };
    case "mac":
      return { mac: search.mac };
    default:
      return {};
  }
}
