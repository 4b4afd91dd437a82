import { formatIdSuffix, hasIdSuffix } from "./dns-names.js";
import type { ExportRequest } from "./export-request.js";
import { readExportRecords, type ExportWork } from "./export-records.js";
import { FORMATS, type ExportFormat } from "./formats.js";
import { readPublishedNames } from "./published-names.js";

/** An export would hold more in memory than it may. A filter makes it smaller. */
export class ExportTooLargeError extends Error {
  override readonly name = "ExportTooLargeError";
}

/**
 * Writes an export piece by piece. However many VMs there are, memory holds one piece of them, and of each VM only the
 * short text that a format needs at its end, or the hash of its name. `onRecords` is called with the size of each
 * piece.
 */
export async function* writeExport(
  work: ExportWork,
  { format: name, filter, primary, port }: ExportRequest,
  onRecords: (count: number) => void = () => undefined,
): AsyncGenerator<string> {
  const format: ExportFormat = FORMATS[name];
  const question = { ...primary, beyondLink: format.showsLinkLocal !== true };
  const names = format.publishesNames === true ? await readPublishedNames(work) : null;
  const kept = new KeptText();
  let [isFirst, isFirstKept] = [true, true];
  let nameBefore: string | null = null;
  yield format.begin;
  for await (const records of readExportRecords(work, filter, question)) {
    let [text, laterText] = ["", ""];
    onRecords(records.length);
    for (const record of records.splice(0)) {
      // VMs come sorted by name, so those with the same name follow each other. Names that end in a part of an id are made
      // for VMs elsewhere in the list, so each VM that is called so gets its own part.
      const isUnique = record.name !== nameBefore && !hasIdSuffix(record.name);
      nameBefore = record.name;
      const { id } = record;
      const uniqueName = isUnique ? record.name : record.name + formatIdSuffix(id);
      const vm = { ...record, uniqueName, dns: names?.find(record) ?? null };
      const written = format.formatVm(vm, port);
      if (written === null) continue;
      text += isFirst ? written : format.separator + written;
      isFirst = false;
      if (format.last === undefined) continue;
      laterText += (isFirstKept ? "" : format.separator) + format.last.formatVm(vm);
      isFirstKept = false;
    }
    kept.add(laterText);
    if (text !== "") yield text;
  }
  yield format.end;
  if (format.last === undefined) return;
  yield* kept.list();
  yield format.last.end;
}

/** Text that is written last. It is kept as bytes, which take a quarter of the memory of short strings. */
class KeptText {
  private readonly pieces: Buffer[] = [];
  private bytes = 0;

  add(text: string): void {
    if (text === "") return;
    const piece = Buffer.from(text);
    this.bytes += piece.length;
    if (this.bytes > MOST_KEPT_BYTES) {
      throw new ExportTooLargeError("the names alone take more than 64 MiB; export fewer VMs with a filter");
    }
    this.pieces.push(piece);
  }

  *list(): Generator<string> {
    for (const piece of this.pieces) yield piece.toString();
  }
}

/** The names of some two million VMs. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;
