/**
 * JSON as Python's `json.dumps` writes it: blanks after `,` and `:`, and pure ASCII.
 * VDSM sends exactly this, so byte counts and escapes of the simulator are those of a real host.
 */
export function formatPythonJson(value: unknown): string {
  if (value instanceof EncodedJson) return value.text;
  if (value instanceof PythonFloat)
    return Number.isInteger(value.value) ? `${value.value}.0` : `${value.value}`;
  if (typeof value === "string") return formatAsciiString(value);
  if (Array.isArray(value)) return `[${value.map(formatPythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) return formatObject(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return "null";
}

/** A number that Python holds as a float, and therefore writes `4460.0` where JavaScript writes `4460`. */
export class PythonFloat {
  constructor(readonly value: number) {}
}

/** A value that was written as JSON before; it is put in as it is. */
export class EncodedJson {
  constructor(readonly text: string) {}
}

function formatObject(value: object): string {
  let members = "";
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    members += `${members === "" ? "" : ", "}${formatAsciiString(key)}: ${formatPythonJson(member)}`;
  }
  return `{${members}}`;
}

function formatAsciiString(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
