import { expect, test } from "vitest";
import { parseExportRequest } from "../../src/exports/export-request.js";
import { FORMATS } from "../../src/exports/formats.js";
import { createFilterTextReader } from "../../src/graph/arguments/filters/read-filter-text.js";
import { buildTypeGraph } from "../../src/graph/schema.js";
import { EXPORT_FORMATS, formatExportPath } from "../../portal/src/vms/export-path.js";
import { parseSearch } from "../../portal/src/vms/search.js";
import { toFilter } from "../../portal/src/vms/vm-filter.js";

const CSV = EXPORT_FORMATS[0];
const readFilter = createFilterTextReader(buildTypeGraph);

test("every format of the server has its link, and no other", () => {
  expect(EXPORT_FORMATS.map(({ format }) => format).toSorted()).toEqual(Object.keys(FORMATS).toSorted());
});

test.each([
  "web 1&2",
  "10.0.0.1",
  "2001:db8::1",
  "10.0.0.0/8",
  "56-6F-00-00-00-01",
  "10.1.2.",
  "566f00000001",
  "https://app-11.example.org:8443/ui",
])("the export of what %j finds has the filter of the list, which the server understands", (text) => {
  const path = formatExportPath(CSV, parseSearch(text));
  const { pathname, searchParams } = new URL(path, "http://server.test/");
  expect(pathname).toBe("/export/csv");
  expect(JSON.parse(searchParams.get("filter")!)).toEqual(toFilter(parseSearch(text)));
  expect(() => parseExportRequest("csv", Object.fromEntries(searchParams), readFilter)).not.toThrow();
});

test("the export of all VMs has no filter", () => {
  expect(formatExportPath(CSV, parseSearch(" "))).toBe("./export/csv");
});
