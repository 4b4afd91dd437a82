import type { ExportRequest } from "./export-request.js";
import { readExportRecords, type ExportRecord, type ExportWork } from "./export-records.js";
import { FORMATS, type ExportedVm, type ExportFormat } from "./formats.js";

/**
 * Writes an export, piece by piece: whatever the number of VMs, one piece of them is in memory. `onRecords` hears of each.
 * A format that needs all VMs twice reads them twice.
 */
export async function* writeExport(
  work: ExportWork,
  { format: name, filter, port }: ExportRequest,
  onRecords: (count: number) => void = () => undefined,
): AsyncGenerator<string> {
  const format: ExportFormat = FORMATS[name];
  yield format.begin;
  const first = readExportRecords(work, filter);
  yield* writeList(first, (vm) => format.formatVm(vm, port), format.separator, onRecords);
  yield format.end;
  const { second } = format;
  if (second === undefined) return;
  yield second.begin;
  const again = readExportRecords(work, filter);
  yield* writeList(
    again,
    (vm) => second.formatVm(vm, port),
    format.separator,
    () => undefined,
  );
  yield second.end;
}

async function* writeList(
  pieces: AsyncGenerator<readonly ExportRecord[]>,
  formatVm: (vm: ExportedVm) => string | null,
  separator: string,
  onRecords: (count: number) => void,
): AsyncGenerator<string> {
  let isFirst = true;
  let nameBefore: string | null = null;
  for await (const records of pieces) {
    let text = "";
    for (const record of records) {
      // VMs come by name, so that those of one name follow each other.
      const isUnique = record.name !== nameBefore;
      nameBefore = record.name;
      const uniqueName = isUnique
        ? record.name
        : `${record.name}-${record.id.slice(0, 8)}-${record.id.slice(-12)}`;
      const written = formatVm({ ...record, uniqueName });
      if (written === null) continue;
      text += isFirst ? written : separator + written;
      isFirst = false;
    }
    onRecords(records.length);
    if (text !== "") yield text;
  }
}
