import type { Search } from "./search.js";
import { toFilter } from "./vm-filter.js";

/** The formats of `GET /export/{format}`, with titles for people and the endings of file names. */
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

/**
 * Formats the path of an export, relative to the page. It has the VMs that a search finds, by the same filter as the
 * list.
 */
export function formatExportPath({ format }: ExportFormat, search: Search): string {
  const filter = toFilter(search);
  if (filter === null) return `./export/${format}`;
  return `./export/${format}?${new URLSearchParams({ filter: JSON.stringify(filter) }).toString()}`;
}
