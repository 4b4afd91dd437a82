/**
 * Formats JSON as Python's `json.dumps` does: blanks after `,` and `:`, and only ASCII. VDSM sends exactly this, so
 * byte counts and escapes of the simulator are those of a real host.
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

/** A number that is a float in Python, and is therefore written `4460.0` instead of `4460`. */
export class PythonFloat {
  constructor(readonly value: number) {}
}

/** A value that is JSON text already, and is inserted as it is. */
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
