import { expect, test } from "vitest";
import { parseExportRequest } from "../../src/exports/export-request.js";
import { FORMATS } from "../../src/exports/formats.js";
import { EXPORT_FORMATS, formatExportPath, type ExportSearch } from "../../portal/src/vms/export-path.js";
import { parseSearch } from "../../portal/src/vms/search.js";

const CSV = EXPORT_FORMATS[0];

test("every format of the server has its link, and no other", () => {
  expect(EXPORT_FORMATS.map(({ format }) => format).toSorted()).toEqual(Object.keys(FORMATS).toSorted());
});

test.each([
  ["", "./export/csv"],
  ["web 1&2", "./export/csv?name=web+1%262"],
  ["10.0.0.1", "./export/csv?within=10.0.0.1%2F32"],
  ["2001:db8::1", "./export/csv?within=2001%3Adb8%3A%3A1%2F128"],
  ["10.0.0.0/8", "./export/csv?within=10.0.0.0%2F8"],
  ["56-6F-00-00-00-01", "./export/csv?mac=56-6F-00-00-00-01"],
])("the export of what %j finds is at %s, which the server understands", (text, path) => {
  expect(formatExportPath(CSV, parseSearch(text) as ExportSearch)).toBe(path);
  const { searchParams } = new URL(path, "http://server.test/");
  expect(() => parseExportRequest("csv", Object.fromEntries(searchParams))).not.toThrow();
});
